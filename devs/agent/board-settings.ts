// What the board is told at manufacture: settings of `.env.defaults` / `.env.local`, or of its flash image.

import * as ds from "@devicescript/core"
import { fromBase64, isAlnum } from "../encoding/base64"
import { random } from "../auth/crypto"
import { percentEncode } from "../encoding/percent-encoding"
import type { BoardIdentity } from "../dps/board-identity"
import { recordOwner } from "../store/assignment-record"
import { readSetting } from "../store/settings-store"

export interface BoardSettings extends BoardIdentity {
    /** Whose record it is: enters the record's checksum and nothing else. */
    owner: string
    telemetrySec: number
    /** A session this old is stable: backoff starts over, the record may be written. */
    stableSec: number
    /** Random, new at every boot: the cloud counts boots by it, and flash is not written. */
    bootId: number
    /** Life of a hub token, s. */
    tokenSec: number
    /** The fleet, as the seed's formula has it: `<load>`, N and cps. */
    load: number
    fleet: number
    perSec: number
    /** The slot of its first registration, from 0, and how long one is; 0 for no stagger. */
    slot: number
    slotSec: number
    /** The program died before: it leaves away what it can do without. */
    safeMode: boolean
    /** Registrations since boot. */
    registrations: number
    /** What went wrong last, for the twin. */
    lastFailure: string
}

/** Registration IDs: up to 128 of a-z 0-9 - . _ : ending in a letter, a digit or a dash (DPS, "Registration ID"). */
function isId(id: string): boolean {
    const size = id.length
    for (let i = 0; i < size; i++) {
        const char = id.charAt(i)
        const inner = i < size - 1 && "._:".indexOf(char) >= 0
        if (!inner && char !== "-" && !isAlnum(char)) return false
    }
    return size > 0 && size <= 128
}

/** The setting as text; an unquoted all-digit value arrives as a number (facts 4.3). */
async function readText(name: string, fallback: string): Promise<string> {
    return "" + (await readSetting(name, fallback))
}

/** The setting as a number in [min, max]; throws its name otherwise. */
async function readNumber(name: string, fallback: number, min: number, max: number): Promise<number> {
    const value = await readSetting(name, fallback)
    if (!(value >= min && value <= max)) throw new Error(name)
    return value
}

/** The setting as a whole number in [min, max]; throws its name otherwise. */
async function readInteger(name: string, fallback: number, min: number, max: number): Promise<number> {
    const value = await readNumber(name, fallback, min, max)
    if (value !== Math.floor(value)) throw new Error(name)
    return value
}

/**
 * Reads and checks the settings.
 * @throws Error whose message is the name of the first one that is missing or malformed
 */
export async function readBoardSettings(): Promise<BoardSettings> {
    const dpsHost = await readText("DPS_HOST", "global.azure-devices-provisioning.net")
    if (!dpsHost || dpsHost.length > 128 || percentEncode(dpsHost) !== dpsHost) throw new Error("DPS_HOST")
    const transport = await readText("DPS_TRANSPORT", "tls")
    const tls = transport === "tls"
    if (!tls && transport !== "tcp") throw new Error("DPS_TRANSPORT")
    const idScope = await readText("ID_SCOPE", "")
    if (!idScope || idScope.length > 32 || percentEncode(idScope) !== idScope) throw new Error("ID_SCOPE")
    const registrationId = (await readText("REG_ID", ds.deviceIdentifier("self"))).toLowerCase()
    if (!isId(registrationId)) throw new Error("REG_ID")
    const keyText = await readText("DEVICE_KEY", "")
    const key = fromBase64(keyText)
    // Keys are 16 to 64 bytes (DPS, "Symmetric key attestation").
    if (!key || key.length < 16 || key.length > 64) throw new Error("DEVICE_KEY")
    return {
        dpsHost,
        port: await readInteger("DPS_PORT", 8883, 1, 65535),
        httpPort: await readInteger("DPS_HTTP_PORT", 443, 1, 65535),
        tls,
        idScope,
        registrationId,
        key,
        owner: recordOwner(dpsHost, idScope, keyText),
        telemetrySec: await readInteger("TELEMETRY_SEC", 60, 1, 86400),
        stableSec: await readInteger("STABLE_SEC", 120, 1, 3600),
        bootId: Math.floor(random() * 1000000000),
        tokenSec: 86400 * (await readInteger("TOKEN_DAYS", 90, 1, 365)),
        load: await readNumber("LOAD", 1, 0.001, 1000),
        fleet: await readInteger("FLEET_N", 1000, 1, 10000000),
        perSec: await readNumber("FLEET_CPS", 16, 0.001, 100000),
        slot: await readInteger("SLOT", 0, 0, 10000000),
        slotSec: await readInteger("SLOT_SEC", 0, 0, 86400),
        safeMode: false,
        registrations: 0,
        lastFailure: "",
    }
}
