// The import rules of the layers (docs/internals/architecture.md, Layers).
import { expect, test } from "vitest"
import { findForbiddenImport } from "../../../tools/lint/layers.js"

test.each([
    ["devs/agent/index.ts", "../hub/session"],
    ["devs/agent/index.ts", "@devicescript/core"],
    ["devs/mqtt/mqtt-client.ts", "../socket/socket"],
    ["devs/mqtt/mqtt-client.ts", "./mqtt-packet"],
    ["devs/auth/crypto.ts", "@devicescript/crypto"],
    ["devs/store/record-storage.ts", "./record-format"],
    ["devs/retry/retry-policy.ts", "./backoff"],
    ["devs/mqtt/mqtt-packet.ts", "../contract/fault"],
    ["src/main.ts", "@moorage/device/full"],
    ["tools/emulator/cloud.ts", "@moorage/runtime"],
    ["tools/emulator/cloud.ts", "./dps/dps-service.js"],
    ["tools/emulator/listen.ts", "./mqtt/mqtt-connection.js"],
    ["tools/emulator/mqtt/mqtt-connection.ts", "../cloud.js"],
    ["tools/emulator/start-emulator.ts", "@moorage/device/shared"],
    ["tools/emulator/cloud.ts", "node:crypto"],
    ["tools/emulator/cloud.ts", "mqtt-packet"],
    ["tools/cli/demo/run.ts", "@moorage/vm"],
    ["tools/files/document.ts", "@moorage/errors"],
    ["test/unit/vm/board-power.test.ts", "@moorage/vm"],
    ["test/vm-suites/sas-token.ts", "../../devs/auth/sas-token"],
    ["test/vm-suites/sas-token.ts", "@devicescript/test"],
])("%s may import %s", (file, name) => {
    expect(findForbiddenImport(file, name)).toBe(undefined)
})

test.each([
    ["devs/agent/index.ts", "../../tools/runtime/index.js", "devs"],
    ["devs/agent/index.ts", "@moorage/runtime", "devs"],
    ["devs/socket/socket.ts", "../mqtt/mqtt-client", "devs/socket"],
    ["devs/auth/sas-token.ts", "../dps/status-lookup", "devs/auth"],
    ["src/main.ts", "@devicescript/core", "src"],
    ["src/main.ts", "@moorage/vm", "src"],
    ["tools/emulator/cloud.ts", "@moorage/vm", "tools/emulator/cloud"],
    ["tools/emulator/cloud.ts", "./mqtt/mqtt-connection.js", "tools/emulator/cloud"],
    ["tools/emulator/cloud.ts", "./rest/http-connection.js", "tools/emulator/cloud"],
    ["tools/emulator/dps/dps-service.ts", "../cloud.js", "tools/emulator/dps"],
    ["tools/emulator/hub/hub.ts", "../dps/assignment.js", "tools/emulator/hub"],
    ["tools/emulator/hub/hub.ts", "../mqtt/mqtt-wire.js", "tools/emulator/hub"],
    ["tools/emulator/mqtt/dps-session.ts", "../rest/device-api.js", "tools/emulator/mqtt"],
    ["tools/emulator/rest/device-api.ts", "../mqtt/mqtt-wire.js", "tools/emulator/rest"],
    ["tools/emulator/listen.ts", "../simulator/index.js", "tools/emulator"],
    ["tools/emulator/listen.ts", "@moorage/device/agent", "tools/emulator"],
    ["tools/vm/board.ts", "@moorage/emulator", "tools/vm"],
    ["tools/runtime/link/memory-link.ts", "@moorage/vm", "tools/runtime"],
    ["tools/runtime/system-clock.ts", "@moorage/files", "tools/runtime"],
    ["tools/errors/moorage-error.ts", "@moorage/files", "tools/errors"],
])("%s may not import %s", (file, name, row) => {
    expect(findForbiddenImport(file, name)?.from).toBe(row)
})

const PURE = [
    "devs/contract/fault.ts",
    "devs/encoding/base64.ts",
    "devs/encoding/http-date.ts",
    "devs/encoding/percent-encoding.ts",
    "devs/dps/dps-answer.ts",
    "devs/http/http-response.ts",
    "devs/mqtt/mqtt-packet.ts",
    "devs/retry/backoff.ts",
    "devs/retry/retry-policy.ts",
    "devs/store/record-format.ts",
]

test.each(PURE)("%s is pure: nothing of DeviceScript, and no module that is not pure", file => {
    for (const name of ["@devicescript/core", "@devicescript/crypto", "@moorage/device/agent/board-settings"])
        expect(findForbiddenImport(file, name)?.from).toMatch(/ \(pure\)$/)
})
