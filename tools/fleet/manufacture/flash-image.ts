// One board's flash image: the content of its `fstor` partition, written by the VM and checked by it.
import { LOG_PATTERNS } from "@moorage/device/shared"
import { deriveDeviceKey } from "@moorage/protocol"
import { ManualClock, type Random, seededRandom } from "@moorage/runtime"
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

/** What goes into an image, secrets and all. */
export interface ImageContent {
    registrationId: string
    profile: BoardProfile
    network?: WifiNetwork
    settings: Record<string, SettingValue>
}

/** What the board of a fleet file gets. The group key is only used when it has no key of its own. */
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
 * The image: the whole partition. The same content gives the same bytes.
 * @throws VmError when it does not fit, or a setting would reset the board
 */
export function makeImage({ profile, network, settings }: ImageContent, bytecode: Uint8Array): Uint8Array {
    const flash = programmedFlash(bytecode, profile.fstorPages)
    writeSettings(flash, settings)
    if (network) writeNetwork(flash, network)
    return flash.load()
}

function flashOf(image: Uint8Array, { fstorPages }: BoardProfile): Flash {
    const flash = memoryFlash(fstorPages)
    flash.save(image)
    return flash
}

const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Reads the image back as the runtime does. @throws VmError that names what differs */
export function checkImage(image: Uint8Array, content: ImageContent, bytecode: Uint8Array): void {
    const flash = flashOf(image, content.profile)
    const differs = (what: string) =>
        new VmError(
            "flash",
            `The image of ${content.registrationId} does not read back: its ${what} differs.`
        )
    const program = readProgram(flash)
    if (!program || Buffer.compare(program, bytecode) !== 0) throw differs("program")
    if (!sameJson(readNetwork(flash), content.network)) throw differs("Wi-Fi network")
    const settings = readSettings(flash)
    for (const [name, value] of Object.entries(content.settings))
        if (settings[name] !== value) throw differs(`setting ${name}`)
    if (Object.keys(settings).length !== Object.keys(content.settings).length)
        throw differs("list of settings")
}

/** No network: the board boots, and waits. */
const NOWHERE: Network = {
    available: false,
    connect: () => {
        throw new VmError("options", "A board without a network connects nowhere.")
    },
}

/** A boot takes 2 s. */
const BOOT_LIMIT_MS = 20_000

/**
 * Boots the image in the VM until the program has read its settings, and reads the image back after that.
 * @throws VmError with the program's last line when it does not come up as this board
 */
export function bootImage(image: Uint8Array, content: ImageContent, bytecode: Uint8Array): void {
    const { registrationId, profile } = content
    const clock = new ManualClock()
    const random: Random = seededRandom(1)
    const flash = flashOf(image, profile)
    const lines: string[] = []
    const board = new Board({
        id: registrationId,
        bytecode,
        flash,
        heapBytes: profile.heapKB * 1024,
        measureHeap: false,
        clock,
        random,
        network: NOWHERE,
        log: line => lines.push(line),
    })
    const bootLine = new RegExp(LOG_PATTERNS.boot)
    board.powerOn()
    const isUp = () =>
        lines.some(line => {
            const [, image, id] = bootLine.exec(line) ?? []
            return image === profile.image && id === registrationId
        })
    if (!clock.advanceUntil(isUp, BOOT_LIMIT_MS))
        throw new VmError(
            "flash",
            `The image of ${registrationId} does not boot: ${lines.at(-1) ?? "no word of it"}`
        )
    board.powerOff()
    checkImage(flash.load(), content, bytecode)
}
