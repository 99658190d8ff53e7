// ARCHITECTURE's folder table.
import { expect, test } from "vitest"
import { forbidden } from "../../../tools/lint/layers.js"

test.each([
    ["devs/agent/index.ts", "../hub/session"],
    ["devs/agent/index.ts", "@devicescript/core"],
    ["devs/mqtt/client.ts", "../socket/index"],
    ["devs/mqtt/client.ts", "./packet"],
    ["devs/auth/crypto.ts", "@devicescript/crypto"],
    ["devs/store/flash.ts", "./record"],
    ["devs/retry/policy.ts", "./backoff"],
    ["devs/mqtt/packet.ts", "../fault"],
    ["src/main.ts", "../devs/agent"],
    ["tools/emulator/cloud.ts", "@moorage/link"],
    ["tools/emulator/cloud.ts", "./dps/service.js"],
    ["tools/emulator/cloud.ts", "@moorage/device/mqtt/packet"],
    ["tools/emulator/cloud.ts", "node:crypto"],
    ["tools/emulator/cloud.ts", "mqtt-packet"],
    ["tools/demo/main.ts", "@moorage/vm"],
    ["test/host/vm/power.test.ts", "@moorage/vm"],
    ["test/device/sas.ts", "../../devs/auth/sas"],
    ["test/device/sas.ts", "@devicescript/test"],
])("%s may import %s", (file, name) => {
    expect(forbidden(file, name)).toBe(undefined)
})

test.each([
    ["devs/agent/index.ts", "../../tools/time/index.js", "devs"],
    ["devs/agent/index.ts", "@moorage/time", "devs"],
    ["devs/socket/index.ts", "../mqtt/client", "devs/socket"],
    ["devs/auth/sas.ts", "../dps/lookup", "devs/auth"],
    ["src/main.ts", "@devicescript/core", "src"],
    ["src/main.ts", "@moorage/vm", "src"],
    ["tools/emulator/cloud.ts", "@moorage/vm", "tools/emulator"],
    ["tools/emulator/cloud.ts", "../simulator/index.js", "tools/emulator"],
    ["tools/emulator/cloud.ts", "@moorage/device/agent", "tools/emulator"],
    ["tools/vm/board.ts", "@moorage/emulator", "tools/vm"],
    ["tools/link/memory.ts", "@moorage/vm", "tools/link"],
    ["tools/time/real.ts", "@moorage/link", "tools/time"],
])("%s may not import %s", (file, name, row) => {
    expect(forbidden(file, name)?.from).toBe(row)
})

const PURE = [
    "devs/fault.ts",
    "devs/auth/base64.ts",
    "devs/auth/httpdate.ts",
    "devs/auth/percent.ts",
    "devs/dps/answer.ts",
    "devs/http/response.ts",
    "devs/mqtt/packet.ts",
    "devs/retry/backoff.ts",
    "devs/retry/policy.ts",
    "devs/store/record.ts",
]

test.each(PURE)("%s is pure: nothing of DeviceScript, and no module that is not pure", file => {
    for (const name of ["@devicescript/core", "@devicescript/crypto", "@moorage/device/agent/config"])
        expect(forbidden(file, name)?.from).toMatch(/ \(pure\)$/)
})
