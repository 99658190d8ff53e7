// What a board is, for those who simulate or flash one: boards/<name>.profile.json,
// beside boards/<name>.board.json, which is DeviceScript's own description of it.
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { VmError } from "./vm-error.js"
import { PROJECT_DIR } from "./firmware/build-firmware.js"

const ARCHS = ["esp32", "esp32c3", "esp32s2", "esp32s3"] as const
const IMAGES = ["main", "maintight"] as const

export interface BoardProfile {
    /** As in `devs flash --board <name>` and `@dsboard/<name>`. */
    name: string
    /** DeviceScript's archId. */
    arch: (typeof ARCHS)[number]
    /** The image of src/ that this board gets. */
    image: (typeof IMAGES)[number]
    /** JD_GC_KB of the arch's firmware (devicescript-esp32, main/jd_user_config.h). */
    heapKB: number
    /** Pages of 4096 bytes in the partition `fstor` (boards/partitions.csv). */
    fstorPages: number
    /** Where that partition begins. */
    fstorOffset: number
    /** Address that esptool writes the firmware image to. */
    flashOffset: number
}

const BOARDS_DIR = join(PROJECT_DIR, "boards")

/** The boards that have a profile. */
export function boardNames(dir = BOARDS_DIR): string[] {
    return readdirSync(dir)
        .filter(file => file.endsWith(".profile.json"))
        .map(file => file.replace(/\.profile\.json$/, ""))
        .sort()
}

/** Profiles that were read: a fleet asks for the same few again and again. */
const loaded = new Map<string, BoardProfile>()

/** A profile, read and checked once; throws a {@link VmError} `profile` that names the field. */
export function loadBoardProfile(name: string, dir = BOARDS_DIR): BoardProfile {
    const file = join(dir, name)
    const profile = loaded.get(file) ?? readProfile(name, dir)
    loaded.set(file, profile)
    return profile
}

function readProfile(name: string, dir: string): BoardProfile {
    const profile = readJson(join(dir, `${name}.profile.json`), name, dir)
    const board = readJson(join(dir, `${name}.board.json`), name, dir)
    const check = (field: string, ok: boolean, want: string) => {
        if (ok) return
        const value = JSON.stringify(profile[field])
        throw new VmError("profile", `boards/${name}.profile.json: ${field} is ${value}, should be ${want}.`)
    }
    const wholeIn = (field: string, min: number, max: number, step = 1) => {
        const value = Number(profile[field])
        const ok = typeof profile[field] === "number" && value >= min && value <= max && value % step === 0
        check(field, ok, `a whole number from ${min} to ${max}${step > 1 ? ` in steps of ${step}` : ""}`)
        return value
    }
    check("arch", ARCHS.includes(profile.arch as never), `one of ${ARCHS.join(", ")}`)
    check("arch", profile.arch === board.archId, `the board's archId, ${JSON.stringify(board.archId)}`)
    check("image", IMAGES.includes(profile.image as never), `one of ${IMAGES.join(", ")}`)
    return {
        name,
        arch: profile.arch as BoardProfile["arch"],
        image: profile.image as BoardProfile["image"],
        heapKB: wholeIn("heapKB", 1, 64),
        fstorPages: wholeIn("fstorPages", 4, 128),
        fstorOffset: wholeIn("fstorOffset", 0x10000, 0xff_f000, 0x1000),
        flashOffset: wholeIn("flashOffset", 0, 0x10000, 0x1000),
    }
}

function readJson(path: string, name: string, dir: string): Record<string, unknown> {
    try {
        return JSON.parse(readFileSync(path, "utf8"))
    } catch (error) {
        const known = boardNames(dir).join(", ")
        throw new VmError(
            "profile",
            `No board ${name}: ${path} is missing or no JSON. Known: ${known}.`,
            error
        )
    }
}
