// The settings of the board (docs/reference/settings.md), from its flash image or from `.env.defaults` and `.env.local`.

import * as ds from "@devicescript/core"
import { fromBase64, isAlnum } from "../encoding/base64"
import { random } from "../auth/crypto"
import { percentEncode } from "../encoding/percent-encoding"
import { recordOwner } from "../contract/flash-keys"
import {
    DPS_HOST_MAX,
    FleetRate,
    FleetSize,
    ID_SCOPE_MAX,
    KEY_MAX_BYTES,
    KEY_MIN_BYTES,
    LoadFactor,
    Port,
    REG_ID_MAX,
    Slot,
    SlotSec,
    StableSec,
    TelemetrySec,
    TokenDays,
} from "../contract/setting-limits"
import type { BoardIdentity } from "../dps/board-identity"
import { readSetting } from "../store/settings-store"

/** The settings, and the state that lasts from boot to reboot. */
export interface BoardSettings extends BoardIdentity {
    /** Owner of the record, for its checksum: see `recordOwner`. */
    owner: string
    telemetrySec: number
    /** A session of this length is stable: it resets the backoff, and the record may be written. */
    stableSec: number
    /** A random number per boot. The cloud can count boots with it, without a write to flash. */
    bootId: number
    /** Life of a hub token in s. */
    tokenSec: number
    /** The values of the fleet formula (R6): load, N and cps. */
    load: number
    fleet: number
    perSec: number
    /** Number of the slot of the first registration, from 0. */
    slot: number
    /** Length of a slot in s, 0 for no slots. */
    slotSec: number
    /** The program crashed before: the board omits record, twin and telemetry. */
    safeMode: boolean
    /** Registrations since boot. */
    registrations: number
    /** Message of the last failure, for the twin. */
    lastFailure: string
}

/**
 * Returns whether `id` is a registration ID: up to 128 characters of a-z 0-9 - . _ : that end in a letter, a digit or a
 * dash (Microsoft, "DPS terminology", registration ID).
 */
function isRegId(id: string): boolean {
    const size = id.length
    for (let i = 0; i < size; i++) {
        const char = id.charAt(i)
        const inner = i < size - 1 && "._:".indexOf(char) >= 0
        if (!inner && char !== "-" && !isAlnum(char)) return false
    }
    return size > 0 && size <= REG_ID_MAX
}

/** Returns a setting as text. An unquoted value of digits is stored as a number (runtime-facts.md, 4.3). */
async function readText(name: string, fallback: string): Promise<string> {
    return "" + (await readSetting(name, fallback))
}

/** Returns a setting as a number in [min, max]. Throws an Error with the name of the setting otherwise. */
async function readNumber(name: string, fallback: number, min: number, max: number): Promise<number> {
    const value = await readSetting(name, fallback)
    if (!(value >= min && value <= max)) throw new Error(name)
    return value
}

/** Returns a setting as an integer in [min, max]. Throws an Error with the name of the setting otherwise. */
async function readInteger(name: string, fallback: number, min: number, max: number): Promise<number> {
    const value = await readNumber(name, fallback, min, max)
    if (value !== Math.floor(value)) throw new Error(name)
    return value
}

/**
 * Reads and checks all settings.
 * @throws Error whose message is the name of the first setting that is missing or malformed
 * @throws Fault if the settings service does not answer
 */
export async function readBoardSettings(): Promise<BoardSettings> {
    const dpsHost = await readText("DPS_HOST", "global.azure-devices-provisioning.net")
    if (!dpsHost || dpsHost.length > DPS_HOST_MAX || percentEncode(dpsHost) !== dpsHost)
        throw new Error("DPS_HOST")
    const transport = await readText("DPS_TRANSPORT", "tls")
    const tls = transport === "tls"
    if (!tls && transport !== "tcp") throw new Error("DPS_TRANSPORT")
    const idScope = await readText("ID_SCOPE", "")
    if (!idScope || idScope.length > ID_SCOPE_MAX || percentEncode(idScope) !== idScope)
        throw new Error("ID_SCOPE")
    const registrationId = (await readText("REG_ID", ds.deviceIdentifier("self"))).toLowerCase()
    if (!isRegId(registrationId)) throw new Error("REG_ID")
    const keyText = await readText("DEVICE_KEY", "")
    const key = fromBase64(keyText)
    if (!key || key.length < KEY_MIN_BYTES || key.length > KEY_MAX_BYTES) throw new Error("DEVICE_KEY")
    return {
        dpsHost,
        port: await readInteger("DPS_PORT", Port.Mqtt, Port.Min, Port.Max),
        httpPort: await readInteger("DPS_HTTP_PORT", Port.Http, Port.Min, Port.Max),
        tls,
        idScope,
        registrationId,
        key,
        owner: recordOwner(dpsHost, idScope, keyText),
        telemetrySec: await readInteger(
            "TELEMETRY_SEC",
            TelemetrySec.Default,
            TelemetrySec.Min,
            TelemetrySec.Max
        ),
        stableSec: await readInteger("STABLE_SEC", StableSec.Default, StableSec.Min, StableSec.Max),
        bootId: Math.floor(random() * 1000000000),
        tokenSec: 86400 * (await readInteger("TOKEN_DAYS", TokenDays.Default, TokenDays.Min, TokenDays.Max)),
        load: await readNumber("LOAD", LoadFactor.Default, LoadFactor.Min, LoadFactor.Max),
        fleet: await readInteger("FLEET_N", FleetSize.Default, FleetSize.Min, FleetSize.Max),
        perSec: await readNumber("FLEET_CPS", FleetRate.Default, FleetRate.Min, FleetRate.Max),
        slot: await readInteger("SLOT", Slot.Default, Slot.Min, Slot.Max),
        slotSec: await readInteger("SLOT_SEC", SlotSec.Default, SlotSec.Min, SlotSec.Max),
        safeMode: false,
        registrations: 0,
        lastFailure: "",
    }
}
