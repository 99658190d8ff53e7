// Compares docs/reference/settings.md and the firmware with the settings table of the contract.
import { readFileSync } from "node:fs"
import { SETTINGS } from "@moorage/device/shared"
import { describe, expect, test } from "vitest"
import { renderSettingsTable } from "../../helpers/settings-page.js"

const root = new URL("../../../", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), "utf8")

describe("the settings table of the contract", () => {
    test("is the table of docs/reference/settings.md", () => {
        const table = read("docs/reference/settings.md").match(/^\|.*\|$/gm) ?? []
        expect(table.join("\n")).toBe(renderSettingsTable())
    })

    test("has each setting that the firmware reads, and no other", () => {
        const source = read("devs/agent/board-settings.ts")
        const names = [...source.matchAll(/\bread(?:Text|Number|Integer)\(\s*"(\w+)"/g)].map(
            ([, name]) => name
        )
        expect(names.length).toBe(SETTINGS.length)
        expect([...names].sort()).toEqual(SETTINGS.map(({ name }) => name).sort())
    })

    test.each(SETTINGS.filter(setting => setting.kind !== "text"))(
        "$name has a default within its limits",
        ({ default: fallback, min, max }) => {
            expect(fallback).toBeGreaterThanOrEqual(min)
            expect(fallback).toBeLessThanOrEqual(max)
        }
    )

    test.each(SETTINGS.filter(setting => setting.kind === "text"))(
        "$name has a default that matches its pattern, or a text for its absence",
        ({ default: fallback, fallbackText, pattern }) => {
            if (fallback === undefined) expect(fallbackText).toBeTruthy()
            else expect(fallback).toMatch(new RegExp(pattern))
        }
    )
})
