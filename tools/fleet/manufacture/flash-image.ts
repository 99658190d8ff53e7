// The flash image of one board: the content of its `fstor` partition, written and verified by the VM.
import { LOG_PATTERNS } from "@moorage/device/shared"
import { deriveDeviceKey } from "@moorage/protocol"
import { ManualClock, seededRandom } from "@moorage/runtime"
import {
    Board,
    type BoardProfile,
    type Flash,
    memoryFlash,
    type Network,
    programmedFlash,
    readNetwork,
    readProgram,
    readSettings,
    VmError,
    type WifiNetwork,
    writeNetwork,
    writeSettings,
} from "@moorage/vm"
import type { SettingValue } from "../firmware-settings.js"
import type { FleetBoard } from "../fleet-file.js"

/** The content of an image, including secrets. */
export interface ImageContent {
    registrationId: string
    profile: BoardProfile
    network?: WifiNetwork
    settings: Record<string, SettingValue>
}

/** Returns the content for a board of a fleet file. The group key is used only if the board has no key. */
export function createImageContent(
    board: FleetBoard,
    profile: BoardProfile,
    groupKey: string | undefined
): ImageContent {
    const { registrationId, network, settings } = board
    const key = board.key ?? deriveDeviceKey(groupKey as string, registrationId)
    return {
        registrationId,
        profile,
        network,
        settings: { REG_ID: registrationId, DEVICE_KEY: key, ...settings },
    }
}

/**
 * Returns the image: the bytes of the whole partition. The same content always gives the same bytes.
 * @throws VmError if the content does not fit or a setting would reset the board
 */
export function makeImage({ profile, network, settings }: ImageContent, bytecode: Uint8Array): Uint8Array {
    const flash = programmedFlash(bytecode, profile.fstorPages)
    writeSettings(flash, settings)
    if (network) writeNetwork(flash, network)
    return flash.load()
}

function flashFromImage(image: Uint8Array, { fstorPages }: BoardProfile): Flash {
    const flash = memoryFlash(fstorPages)
    flash.save(image)
    return flash
}

const isSameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Reads the image as the runtime does and compares it with its content. @throws VmError that names the difference */
export function checkImage(image: Uint8Array, content: ImageContent, bytecode: Uint8Array): void {
    const flash = flashFromImage(image, content.profile)
    const contentError = (part: string) =>
        new VmError("flash", `The image of ${content.registrationId} has wrong content: its ${part} differs.`)
    const program = readProgram(flash)
    if (!program || Buffer.compare(program, bytecode) !== 0) throw contentError("program")
    if (!isSameJson(readNetwork(flash), content.network)) throw contentError("Wi-Fi network")
    const settings = readSettings(flash)
    for (const [name, value] of Object.entries(content.settings))
        if (settings[name] !== value) throw contentError(`setting ${name}`)
    if (Object.keys(settings).length !== Object.keys(content.settings).length)
        throw contentError("list of settings")
}

/** A network that is never available, so that the board boots and waits. */
const NO_NETWORK: Network = {
    isAvailable: false,
    connect: () => {
        throw new VmError("options", "A board without a network cannot connect.")
    },
}

/** A boot takes about 2 s. */
const BOOT_LIMIT_MS = 20_000

/**
 * Boots the image in the VM until the program has read its settings. Then reads the image back.
 * @throws VmError with the last line of the program if it does not start as this board
 */
export function bootImage(image: Uint8Array, content: ImageContent, bytecode: Uint8Array): void {
    const { registrationId, profile } = content
    const clock = new ManualClock()
    const flash = flashFromImage(image, profile)
    const lines: string[] = []
    const board = new Board({
        id: registrationId,
        bytecode,
        flash,
        heapBytes: profile.heapKB * 1024,
        measureHeap: false,
        clock,
        random: seededRandom(1),
        network: NO_NETWORK,
        log: line => lines.push(line),
    })
    const bootPattern = new RegExp(LOG_PATTERNS.boot)
    const hasBooted = () =>
        lines.some(line => {
            const [, imageName, id] = bootPattern.exec(line) ?? []
            return imageName === profile.image && id === registrationId
        })
    board.powerOn()
    if (!clock.advanceUntil(hasBooted, BOOT_LIMIT_MS))
        throw new VmError(
            "flash",
            `The image of ${registrationId} does not boot: ${lines.at(-1) ?? "the program logs nothing"}`
        )
    board.powerOff()
    checkImage(flash.load(), content, bytecode)
}
