// The rule that packages are imported only through their entries (docs/internals/architecture.md, Layers).
import { expect, test } from "vitest"
import { entriesOf, findDeepImport } from "../../../tools/lint/package-entries.js"

test.each([
    ["tools/cli/main.ts", "@moorage/vm"],
    ["tools/cli/main.ts", "@moorage/fleet/rollout"],
    ["tools/cli/main.ts", "./demo/run.js"],
    ["tools/cli/demo/run.ts", "../main.js"],
    ["tools/cli/main.ts", "commander"],
    ["tools/cli/main.ts", "node:fs"],
    ["src/main.ts", "@moorage/device/full"],
    ["devs/agent/index.ts", "../hub/hub-session"],
    ["test/unit/files/journal.test.ts", "../../../tools/vm/board.js"],
    ["test/helpers/rule-tester.ts", "@moorage/lint"],
    ["eslint.config.js", "@moorage/lint"],
])("%s may import %s", (file, name) => {
    expect(findDeepImport(file, name)).toBeUndefined()
})

test.each([
    ["tools/cli/main.ts", "@moorage/vm/board.js", "tools/vm"],
    ["tools/cli/main.ts", "@moorage/fleet/rollout/rollout-run.js", "tools/fleet"],
    ["tools/cli/main.ts", "../vm/index.js", "tools/vm"],
    ["tools/check.ts", "./runtime/index.js", "tools/runtime"],
    ["src/main.ts", "../devs/full", "devs"],
    ["src/main.ts", "@moorage/device/agent", "devs"],
    ["eslint.config.js", "./tools/lint/index.js", "tools/lint"],
    ["test/unit/files/journal.test.ts", "@moorage/vm/board.js", "tools/vm"],
])("%s may not import %s", (file, name, folder) => {
    expect(findDeepImport(file, name)?.folder).toBe(folder)
})

test("the entries of a package are those of its package.json", () => {
    expect(entriesOf("devs")).toEqual([
        "@moorage/device",
        "@moorage/device/full",
        "@moorage/device/tight",
        "@moorage/device/shared",
    ])
})
