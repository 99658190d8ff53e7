// The boards that `moorage manufacture` is to make, with what its options say of them.
import { createReadStream } from "node:fs"
import { type FleetBoard, type FleetDefaults, readFleet } from "@moorage/fleet"
import { type Bytecodes, requiredImages } from "@moorage/fleet/manufacture"
import { FleetError } from "@moorage/fleet"
import { boardNames, buildFirmware, validateNetwork, type WifiNetwork } from "@moorage/vm"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { ioError } from "../output-files.js"
import { secretFile, WIFI_PSK } from "../secrets.js"
import { givenSettings } from "../setting-options.js"

/** What the options say of boards whose line does not. */
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
        if (pskFile !== undefined)
            throw new UserError("--psk-file is for --ssid: give that too.", WRONG_USAGE)
        return undefined
    }
    const psk = pskFile === undefined ? process.env[WIFI_PSK] : secretFile(pskFile)
    const network = psk === undefined || psk === "" ? { ssid } : { ssid, psk }
    const mistake = validateNetwork(network)
    if (mistake !== undefined)
        throw new UserError(`The Wi-Fi network cannot be used: ${mistake}.`, WRONG_USAGE)
    return network
}

/** What boards have whose line does not say. @throws UserError */
export function defaultsOf(options: ManufactureBoardOptions, hasGroupKey: boolean): FleetDefaults {
    const { idScope, set } = options
    return {
        profile: options.board,
        network: networkOf(options),
        settings: givenSettings(idScope === undefined ? set : [`ID_SCOPE=${idScope}`, ...set]),
        keyRequired: !hasGroupKey,
        profiles: boardNames(),
    }
}

/** The boards of the file. @throws UserError with every mistake in it */
export async function boardsOf(file: string, defaults: FleetDefaults): Promise<FleetBoard[]> {
    try {
        return await readFleet(createReadStream(file), file, defaults)
    } catch (error) {
        if (error instanceof FleetError)
            throw new UserError(`${error.message}\nNothing was made.`, WRONG_USAGE, { cause: error })
        throw ioError("read", file, error)
    }
}

/** The bytecode that these boards boot. */
export async function bytecodesOf(boards: FleetBoard[]): Promise<Bytecodes> {
    const bytecodes: Bytecodes = {}
    for (const image of requiredImages(boards))
        bytecodes[image] = (await buildFirmware(`src/${image}.ts`)).bytecode
    return bytecodes
}
