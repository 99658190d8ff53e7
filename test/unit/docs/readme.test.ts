// The settings example of README.md works as it is.
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { parseEnv } from "../../../tools/fleet/doctor/env-file.js"

const README = readFileSync(new URL("../../../README.md", import.meta.url), "utf8")

test("the example of .env.local has no line that DeviceScript drops, and no issue", () => {
    const example = /```sh\n(ID_SCOPE=[^]*?)```/.exec(README)?.[1] ?? ""
    const { lines, issues } = parseEnv(example, false)
    expect(issues).toEqual([])
    expect(lines.map(({ name }) => name)).toEqual(["ID_SCOPE", "DEVICE_KEY", "REG_ID"])
})
