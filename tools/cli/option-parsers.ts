import type { Rate } from "@moorage/emulator"
import { InvalidArgumentError } from "commander"

const UNITS_SEC: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** An option that is a port, 0 for any free one. @throws InvalidArgumentError */
export function parsePort(text: string): number {
    if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text)
    throw new InvalidArgumentError("A port is a number from 0 to 65535; 0 takes any free one.")
}

/** An option that is a time: `90`, `90s`, `20m`, `2h`, `1d`, also negative; in s. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
    const match = /^(-?\d+(?:\.\d+)?)([smhd]?)$/.exec(text)
    if (match) return Number(match[1]) * UNITS_SEC[match[2] || "s"]
    throw new InvalidArgumentError("A time is a number with s, m, h or d, such as 90s or 20m.")
}

/** An option that is a share: `0.1` or `10%`; 0 to 1. @throws InvalidArgumentError */
export function parseFraction(text: string): number {
    const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
    const value = match ? Number(match[1]) / (match[2] ? 100 : 1) : 0
    if (value > 0 && value <= 1) return value
    throw new InvalidArgumentError("A share is more than 0 and at most 1, or 100%.")
}

/** An option that is a whole number. @throws InvalidArgumentError */
export function parseInteger(text: string): number {
    if (/^\d+$/.test(text)) return Number(text)
    throw new InvalidArgumentError("It is a whole number.")
}

/** An option that is a whole number from 1. @throws InvalidArgumentError */
export function parsePositive(text: string): number {
    const value = parseInteger(text)
    if (value < 1) throw new InvalidArgumentError("It is at least 1.")
    return value
}

/** An option that is a length of time, more than 0; in s. @throws InvalidArgumentError */
export function parsePositiveDuration(text: string): number {
    const value = parseDuration(text)
    if (value > 0) return value
    throw new InvalidArgumentError("A length of time is more than 0, such as 90s or 20m.")
}

/** An option that is a rate: `10/s`, `900/m`, `900/min`. @throws InvalidArgumentError */
export function parseRate(text: string): Rate {
    const match = /^(\d+(?:\.\d+)?)\/(s|m|min|h)$/.exec(text)
    if (match && Number(match[1]) > 0) return { calls: Number(match[1]), perSec: UNITS_SEC[match[2][0]] }
    throw new InvalidArgumentError("A rate is so many by s, min or h, such as 10/s or 900/min.")
}

/** As rate(), in 1/s. @throws InvalidArgumentError */
export function perSecond(text: string): number {
    const { calls, perSec } = parseRate(text)
    return calls / perSec
}
