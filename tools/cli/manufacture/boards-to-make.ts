// The boards that `moorage manufacture` makes, and the defaults from its options.
import { createReadStream } from "node:fs"
import { MoorageError } from "@moorage/errors"
import { type FleetBoard, type FleetDefaults, FleetError, readFleet } from "@moorage/fleet"
import { type Bytecodes, requiredImages } from "@moorage/fleet/manufacture"
import { boardNames, buildFirmware, validateNetwork, type WifiNetwork } from "@moorage/vm"
import { readError } from "../output-files.js"
import { readSecretFile, WIFI_PSK } from "../secrets.js"
import { settingsFromOptions } from "../setting-options.js"
import { usageError } from "../usage-error.js"

/** Options that are defaults for boards without a value in the fleet file. */
interface ManufactureBoardOptions {
    idScope?: string
    board?: string
    ssid?: string
    pskFile?: string
    set: string[]
}

export interface ManufactureCommandOptions extends ManufactureBoardOptions {
    out: string
    groupKeyFile?: string
    verify: number
    jobs: number
    scan: boolean
    port?: string
    dryRun: boolean
    json: boolean
}

function networkOf({ ssid, pskFile }: ManufactureBoardOptions): WifiNetwork | undefined {
    if (ssid === undefined) {
        if (pskFile !== undefined) throw usageError("--psk-file requires --ssid.")
        return undefined
    }
    const psk = pskFile === undefined ? process.env[WIFI_PSK] : readSecretFile(pskFile)
    const network = psk === undefined || psk === "" ? { ssid } : { ssid, psk }
    const problem = validateNetwork(network)
    if (problem !== undefined) throw new MoorageError("SECRET_INVALID", `Invalid Wi-Fi network: ${problem}.`)
    return network
}

/** Returns the defaults for boards without a value in the fleet file. @throws MoorageError */
export function fleetDefaults(options: ManufactureBoardOptions, hasGroupKey: boolean): FleetDefaults {
    const { idScope, set, board } = options
    return {
        profile: board,
        network: networkOf(options),
        settings: settingsFromOptions(idScope === undefined ? set : [`ID_SCOPE=${idScope}`, ...set]),
        isKeyRequired: !hasGroupKey,
        profiles: boardNames(),
    }
}

/** Returns the boards of a fleet file. @throws MoorageError with all errors in the file */
export async function readBoards(file: string, defaults: FleetDefaults): Promise<FleetBoard[]> {
    try {
        return await readFleet(createReadStream(file), file, defaults)
    } catch (error) {
        if (error instanceof FleetError)
            throw new MoorageError(error.code, `${error.message}\nNo image was made.`, { cause: error })
        throw readError(file, error)
    }
}

/** Builds the firmware images that these boards need. @throws MoorageError FIRMWARE_BUILD_FAILED */
export async function buildBytecodes(boards: FleetBoard[]): Promise<Bytecodes> {
    const bytecodes: Bytecodes = {}
    for (const image of requiredImages(boards))
        bytecodes[image] = (await buildFirmware(`src/${image}.ts`)).bytecode
    return bytecodes
}
