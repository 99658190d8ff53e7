// What the options of `moorage rollout plan` are made of.
import type { WorkingHours } from "@moorage/fleet/rollout"
import { InvalidArgumentError } from "commander"
import { parseFraction, parsePositiveDuration } from "../option-parsers.js"

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

/** `1%,10%,50%,100%`: shares of the fleet up to and with each wave; the last is all. @throws InvalidArgumentError */
export function parseWaves(text: string): number[] {
    const shares = text.split(",").map(each => parseFraction(each.trim()))
    if (shares.some((value, i) => i > 0 && value <= (shares[i - 1] as number)))
        throw new InvalidArgumentError("Each wave is a share of the fleet up to and with it: they grow.")
    return shares.at(-1) === 1 ? shares : [...shares, 1]
}

/** As share(), or none: `0`, `0%`. @throws InvalidArgumentError */
export const parseOptionalFraction = (text: string) => (/^0(\.0+)?%?$/.test(text) ? 0 : parseFraction(text))

/** `08:00-17:00`, `22:00-06:00`. @throws InvalidArgumentError */
export function parseHours(text: string): Pick<WorkingHours, "from" | "to"> {
    const [, from, to] = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.exec(text) ?? []
    if (from !== undefined && to !== undefined && from !== to) return { from, to }
    throw new InvalidArgumentError("Working hours are from a time to another one, such as 08:00-17:00.")
}

/** `mon-fri`, `mon,wed,sat-sun`; 1 is Monday. @throws InvalidArgumentError */
export function parseDays(text: string): number[] {
    const found = new Set<number>()
    for (const part of text.toLowerCase().split(",")) {
        const [from = -1, to = from] = part.split("-").map(name => DAYS.indexOf(name.trim()))
        if (from < 0 || to < from || part.split("-").length > 2)
            throw new InvalidArgumentError("Days are such as mon-fri or mon,wed,sat-sun.")
        for (let day = from; day <= to; day++) found.add(day + 1)
    }
    return [...found].sort()
}

/** A time zone of the IANA database. @throws InvalidArgumentError */
export function parseTimeZone(text: string): string {
    try {
        return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone
    } catch {
        throw new InvalidArgumentError("A time zone is one of the IANA's, such as Europe/Berlin.")
    }
}

/** A length of time in whole seconds, a day at most. @throws InvalidArgumentError */
export function parseSlotTime(text: string): number {
    const sec = parsePositiveDuration(text)
    if (Number.isInteger(sec) && sec <= 86_400) return sec
    throw new InvalidArgumentError("A slot is of whole seconds, a day at most.")
}
