// Parsers for the values of `moorage rollout` options. Each throws InvalidArgumentError for an invalid value.
import type { WorkingHours } from "@moorage/fleet/rollout"
import { InvalidArgumentError } from "commander"
import { parseFraction, parsePositiveDuration } from "../../option-parsers.js"

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
const SLOT_MAX_SEC = 86_400

/** Parses cumulative shares such as `1%,10%,50%,100%`. Adds a last wave of 100 % when it is missing. */
export function parseWaves(text: string): number[] {
    const shares = text.split(",").map(each => parseFraction(each.trim()))
    if (shares.some((value, i) => i > 0 && value <= (shares[i - 1] as number)))
        throw new InvalidArgumentError("Expected increasing cumulative shares, for example 1%,10%,50%,100%.")
    return shares.at(-1) === 1 ? shares : [...shares, 1]
}

/** Parses a share that can be 0. */
export const parseFractionOrZero = (text: string) => (/^0(\.0+)?%?$/.test(text) ? 0 : parseFraction(text))

/** Parses working hours such as `08:00-17:00` or `22:00-06:00`. */
export function parseHours(text: string): Pick<WorkingHours, "from" | "to"> {
    const [, from, to] = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.exec(text) ?? []
    if (from !== undefined && to !== undefined && from !== to) return { from, to }
    throw new InvalidArgumentError("Expected two different times, for example 08:00-17:00.")
}

/** Parses days such as `mon-fri` or `mon,wed,sat-sun`. Returns ISO weekdays: 1 is Monday. */
export function parseDays(text: string): number[] {
    const found = new Set<number>()
    for (const part of text.toLowerCase().split(",")) {
        const [from = -1, to = from] = part.split("-").map(name => DAYS.indexOf(name.trim()))
        if (from < 0 || to < from || part.split("-").length > 2)
            throw new InvalidArgumentError("Expected days, for example mon-fri or mon,wed,sat-sun.")
        for (let day = from; day <= to; day++) found.add(day + 1)
    }
    return [...found].sort()
}

/** Parses the name of a time zone in the IANA database. */
export function parseTimeZone(text: string): string {
    try {
        return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone
    } catch {
        throw new InvalidArgumentError("Expected an IANA time zone, for example Europe/Berlin.")
    }
}

/** Parses the length of a slot. Returns whole seconds, at most one day. */
export function parseSlotTime(text: string): number {
    const sec = parsePositiveDuration(text)
    if (Number.isInteger(sec) && sec <= SLOT_MAX_SEC) return sec
    throw new InvalidArgumentError("Expected whole seconds, at most one day.")
}
