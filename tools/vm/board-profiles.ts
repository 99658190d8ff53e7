// Board profiles: boards/<name>.profile.json holds the properties of a board that the VM and the flash image depend on.
// DeviceScript's own description of the board is next to it, in boards/<name>.board.json.
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { VmError } from "./vm-error.js"
import { PROJECT_DIR } from "./firmware/build-firmware.js"

const ARCHITECTURES = ["esp32", "esp32c3", "esp32s2", "esp32s3"] as const
const IMAGES = ["main", "maintight"] as const

export interface BoardProfile {
    /** Name for `devs flash --board <name>` and `@dsboard/<name>`. */
    name: string
    /** `archId` of DeviceScript. */
    arch: (typeof ARCHITECTURES)[number]
    /** Reference image in `src/` for this board. */
    image: (typeof IMAGES)[number]
    /** JD_GC_KB of the firmware for this `arch` (devicescript-esp32, main/jd_user_config.h). */
    heapKB: number
    /** Number of pages of 4096 bytes in the partition `fstor` (devicescript-esp32, boards/partitions.csv). */
    fstorPages: number
    /** Address of the partition `fstor` in the flash. */
    fstorOffset: number
    /** Address that esptool writes the firmware image to. */
    flashOffset: number
}

const BOARDS_DIR = join(PROJECT_DIR, "boards")

/** Returns the names of all boards with a profile, sorted. */
export function boardNames(dir = BOARDS_DIR): string[] {
    return readdirSync(dir)
        .filter(file => file.endsWith(".profile.json"))
        .map(file => file.replace(/\.profile\.json$/, ""))
        .sort()
}

/** Profiles by path. A large fleet reads the same few profiles very often. */
const profileCache = new Map<string, BoardProfile>()

/**
 * Returns the profile of a board. Each profile is read and checked once.
 * @throws VmError `profile` when the profile is missing or a field is not valid
 */
export function loadBoardProfile(name: string, dir = BOARDS_DIR): BoardProfile {
    const file = join(dir, name)
    const profile = profileCache.get(file) ?? readProfile(name, dir)
    profileCache.set(file, profile)
    return profile
}

function readProfile(name: string, dir: string): BoardProfile {
    const profile = readJson(join(dir, `${name}.profile.json`), name, dir)
    const board = readJson(join(dir, `${name}.board.json`), name, dir)
    const check = (field: string, isValid: boolean, expected: string) => {
        if (isValid) return
        const value = JSON.stringify(profile[field])
        throw new VmError(
            "profile",
            `boards/${name}.profile.json: ${field} is ${value} and must be ${expected}.`
        )
    }
    const readInteger = (
        field: string,
        { min, max, step = 1 }: { min: number; max: number; step?: number }
    ) => {
        const value = Number(profile[field])
        const isValid =
            typeof profile[field] === "number" && value >= min && value <= max && value % step === 0
        check(field, isValid, `an integer from ${min} to ${max}${step > 1 ? ` in steps of ${step}` : ""}`)
        return value
    }
    check("arch", ARCHITECTURES.includes(profile.arch as never), `one of ${ARCHITECTURES.join(", ")}`)
    check("arch", profile.arch === board.archId, `the archId of the board, ${JSON.stringify(board.archId)}`)
    check("image", IMAGES.includes(profile.image as never), `one of ${IMAGES.join(", ")}`)
    return {
        name,
        arch: profile.arch as BoardProfile["arch"],
        image: profile.image as BoardProfile["image"],
        heapKB: readInteger("heapKB", { min: 1, max: 64 }),
        fstorPages: readInteger("fstorPages", { min: 4, max: 128 }),
        fstorOffset: readInteger("fstorOffset", { min: 0x10000, max: 0xff_f000, step: 0x1000 }),
        flashOffset: readInteger("flashOffset", { min: 0, max: 0x10000, step: 0x1000 }),
    }
}

function readJson(path: string, name: string, dir: string): Record<string, unknown> {
    try {
        return JSON.parse(readFileSync(path, "utf8"))
    } catch (error) {
        const known = boardNames(dir).join(", ")
        throw new VmError(
            "profile",
            `Unknown board ${name}: ${path} is missing or is not JSON. Known boards: ${known}.`,
            error
        )
    }
}
