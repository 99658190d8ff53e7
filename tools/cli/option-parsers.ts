// Parsers for the values of options. Each throws InvalidArgumentError for an invalid value.
import type { Rate } from "@moorage/emulator"
import { InvalidArgumentError } from "commander"

const UNITS_SEC: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Parses a TCP port; 0 stands for any free port. */
export function parsePort(text: string): number {
    if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text)
    throw new InvalidArgumentError("Expected a port from 0 to 65535; 0 selects any free port.")
}

/** Parses a time such as `90`, `90s`, `20m`, `2h`, `1d` or `-10m`. Returns seconds. */
export function parseDuration(text: string): number {
    const match = /^(-?\d+(?:\.\d+)?)([smhd]?)$/.exec(text)
    if (match) return Number(match[1]) * UNITS_SEC[match[2] || "s"]
    throw new InvalidArgumentError("Expected a number with s, m, h or d, for example 90s or 20m.")
}

/** Parses a share such as `0.1` or `10%`. Returns a number above 0 and up to 1. */
export function parseFraction(text: string): number {
    const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
    const value = match ? Number(match[1]) / (match[2] ? 100 : 1) : 0
    if (value > 0 && value <= 1) return value
    throw new InvalidArgumentError("Expected a share above 0 and up to 1 (100%).")
}

/** Parses an integer of 0 or more. */
export function parseInteger(text: string): number {
    if (/^\d+$/.test(text)) return Number(text)
    throw new InvalidArgumentError("Expected an integer of 0 or more.")
}

/** Parses an integer of 1 or more. */
export function parsePositiveInteger(text: string): number {
    const value = parseInteger(text)
    if (value < 1) throw new InvalidArgumentError("Expected an integer of 1 or more.")
    return value
}

/** Parses a time above 0. Returns seconds. */
export function parsePositiveDuration(text: string): number {
    const value = parseDuration(text)
    if (value > 0) return value
    throw new InvalidArgumentError("Expected a time above 0, for example 90s or 20m.")
}

/** Parses a rate such as `10/s`, `900/m` or `900/min`. */
export function parseRate(text: string): Rate {
    const match = /^(\d+(?:\.\d+)?)\/(s|m|min|h)$/.exec(text)
    if (match && Number(match[1]) > 0) return { calls: Number(match[1]), perSec: UNITS_SEC[match[2][0]] }
    throw new InvalidArgumentError("Expected a number above 0 per s, min or h, for example 10/s or 900/min.")
}

/** Parses a rate such as `10/s` or `900/min`. Returns calls per second. */
export function parsePerSecond(text: string): number {
    const { calls, perSec } = parseRate(text)
    return calls / perSec
}
