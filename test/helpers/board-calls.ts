// Shared by the firmware tests: worlds with one hub, and the times of a board's connections and DPS requests.
import { expect } from "vitest"
import { createWorld, type FirmwareWorld, type FirmwareWorldOptions, HTTPS_PORT } from "./firmware-world.js"

export const DPS_HOST = "global.azure-devices-provisioning.net"
/** The only hub of the worlds of this file. */
export const HUB_HOST = "hub-1.azure-devices.net"
export const MIN_MS = 60_000
export const HOUR_MS = 60 * MIN_MS
/** Upper limit of the time that a connection itself takes: handshakes, slices of a wait, a refused connection. */
export const CALL_MS = 1500
export const IMAGES = [["main"], ["maintight"]] as const

type Image = FirmwareWorldOptions["image"]
type ConnectionKind = "clock" | "dps" | "hub"

/** Builds a world with one hub, so that DPS can only return the same hub again, and switches the board on. */
export async function startOneHubWorld(image: Image, options: Partial<FirmwareWorldOptions> = {}) {
    const world = await createWorld({ image, hubs: [HUB_HOST], ...options })
    world.board.powerOn()
    return world
}

/** Does the same as {@link startOneHubWorld}, and waits until the session of the board is stable. */
export async function startStableWorld(image: Image, options: Partial<FirmwareWorldOptions> = {}) {
    const world = await startOneHubWorld(image, options)
    world.untilLogged("stable", 300)
    return world
}

/**
 * Builds a world with one hub. While a host is set with `setUnreachable`, every connection to the host fails with
 * `failure`, and the time of each attempt is added to `attemptsMs`. The empty host name ends the outage.
 */
export async function createOutageWorld(image: Image, failure: "resolve" | "connect" | "handshake") {
    const attemptsMs: number[] = []
    let unreachableHost = ""
    const world = await createWorld({
        image,
        hubs: [HUB_HOST],
        answer: host => {
            if (host !== unreachableHost) return "accept"
            attemptsMs.push(elapsedMs(world))
            return failure
        },
    })
    const setUnreachable = (host: string) => {
        unreachableHost = host
    }
    return { world, attemptsMs, setUnreachable }
}

/** Switches the board on, waits until its session is stable, and returns the host name of its hub. */
export function bootUntilStable(world: FirmwareWorld): string {
    world.board.powerOn()
    world.untilLogged(/^moored/, 600)
    world.advanceSec(15)
    return mooredHost(world)
}

/** Returns the host name in the latest log line `moored HOST`. */
export function mooredHost(world: FirmwareWorld): string {
    return (
        world
            .logged(/^moored/)
            .at(-1)
            ?.text.slice("moored ".length) ?? ""
    )
}

/** Returns how often the board registered. */
export function registrationsOf(world: FirmwareWorld): number {
    return world.cloud.counters("board-1").registrations
}

/** Returns the telemetry messages that the cloud received. */
export function telemetryOf(world: FirmwareWorld) {
    return world.cloud.history.filter(event => event.kind === "telemetry")
}

/**
 * Returns the connections since `sinceMs`, with times in ms since the world began: to DPS over HTTPS (`clock`), to DPS
 * over MQTT (`dps`), or to a hub.
 */
export function connectionsOf(world: FirmwareWorld, sinceMs = 0): { kind: ConnectionKind; atMs: number }[] {
    const hubNames = world.cloud.hubNames()
    return world.dials
        .filter(dial => dial.atMs >= sinceMs)
        .map(({ host, port, atMs }) => ({
            kind: hubNames.includes(host) ? "hub" : port === HTTPS_PORT ? "clock" : "dps",
            atMs,
        }))
}

/** Returns the times of the connections of one kind since `sinceMs`, in ms since the world began. */
export function connectionTimesMs(world: FirmwareWorld, kind: ConnectionKind, sinceMs = 0): number[] {
    return connectionsOf(world, sinceMs)
        .filter(connection => connection.kind === kind)
        .map(({ atMs }) => atMs)
}

/** Returns the times at which DPS received requests of this kind, in ms since the world began. */
export function requestTimesMs(world: FirmwareWorld, kind: "register" | "poll" | "lookup"): number[] {
    return world.cloud.history.filter(event => event.kind === kind).map(event => event.atMs - world.startMs)
}

/** Returns the differences between successive times. */
export function gapsBetween(timesMs: number[]): number[] {
    return timesMs.slice(1).map((ms, i) => ms - timesMs[i])
}

/** Returns the milliseconds since the world began. */
export function elapsedMs(world: FirmwareWorld): number {
    return world.clock.nowMs() - world.startMs
}

/** Expects at least one value, and every value within the limits. */
export function expectEachWithin(values: number[], min: number, max: number): void {
    expect(values.length).toBeGreaterThan(0)
    for (const value of values) {
        expect(value).toBeGreaterThanOrEqual(min)
        expect(value).toBeLessThanOrEqual(max)
    }
}
