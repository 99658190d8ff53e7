import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadBoardProfile } from "@moorage/vm"
import { afterAll, beforeAll, expect, test } from "vitest"
import { DevBoardError } from "../../../../tools/fleet/devboard/index.js"
import { openFlash } from "../../../../tools/fleet/devboard/flash-file.js"

let dir: string
beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-flash-file-"))
    writeFileSync(join(dir, "file"), "")
})
afterAll(() => rmSync(dir, { recursive: true }))

test.each(["none/a.bin", "file/a.bin", "file/none/a.bin"])(
    "a flash file in a missing folder is rejected: %s",
    name => {
        const open = () => openFlash(join(dir, name), loadBoardProfile("moorage_devkitc"), false)
        expect(open).toThrow(DevBoardError)
        expect(open).toThrow(/^Cannot write .*a\.bin: the folder .* does not exist\.$/)
        expect(readdirSync(dir)).toEqual(["file"])
    }
)
