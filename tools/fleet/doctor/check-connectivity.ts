// Checks the connection to DPS: DNS, TCP, TLS, and the clock.
import { SYSTEM_ERROR_TEXTS } from "../azure/https.js"
import type { HostAddress, CloudSettings } from "../azure/index.js"
import { certificateOutcome } from "./check-certificate.js"
import type { CheckRunner } from "./check-runner.js"
import { type CheckOutcome, fail, failFromError, type Finding, ok, skip } from "./finding.js"
import type { Probes } from "./probes.js"
import { clockSkewSec, skewOutcome } from "./check-clock.js"

/** Ports of DPS for HTTPS and for MQTT over TLS (protocol-facts.md, 1.1). */
const HTTPS_PORT = 443
const MQTT_PORT = 8883

/** Name of the TLS check, which other checks need. */
export const HTTPS_TLS = "TLS 443"

/** The services to check, and the tools for the checks. */
export interface CheckContext {
    runner: CheckRunner
    settings: CloudSettings
    probes: Probes
}

type Target = Pick<CheckContext, "settings" | "probes">

const addressText = ({ host, port }: HostAddress) => `${host}:${port}`

/** Returns an explanation of an error. OpenSSL has a readable text in `reason`, but not in `message`. */
function errorText(error: unknown): string {
    const { code = "", message, reason } = error as NodeJS.ErrnoException & { reason?: string }
    return SYSTEM_ERROR_TEXTS[code] ?? reason ?? message
}

/** Returns the address of a port of DPS, or undefined if the settings do not define it. */
function addressOfPort(
    { deviceHost, connect, connectMqtt }: CloudSettings,
    port: number
): HostAddress | undefined {
    if (connect || connectMqtt) return port === HTTPS_PORT ? connect : connectMqtt
    return { host: deviceHost, port }
}

/** Returns the address for MQTT, or undefined if the settings do not define it. */
export const mqttAddress = (settings: CloudSettings) => addressOfPort(settings, MQTT_PORT)

async function resolveDeviceHost({ settings, probes }: Target): Promise<CheckOutcome> {
    const { deviceHost, connect } = settings
    if (connect)
        return skip(`${deviceHost} is not resolved because HTTPS connects to ${addressText(connect)}`)
    try {
        const addresses = await probes.resolveHost(deviceHost)
        return ok(`${deviceHost} is ${addresses.slice(0, 2).join(", ")}`)
    } catch (error) {
        return fail(
            `${deviceHost}: ${errorText(error)}`,
            "Check the host name, and that the DNS server of this network works"
        )
    }
}

async function openTcp(
    { settings, probes }: Target,
    port: number,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const address = addressOfPort(settings, port)
    if (!address)
        return skip(
            "the profile has no address for this port",
            port === MQTT_PORT
                ? "Add connectMqtt: HOST:PORT to the profile, in addition to connect"
                : "Add connect: HOST:PORT to the profile, in addition to connectMqtt"
        )
    try {
        await probes.connectTcp(address, signal)
        return ok(`${addressText(address)} is open`)
    } catch (error) {
        if (signal.aborted) throw error
        const cure =
            settings.connect || settings.connectMqtt
                ? "Check that the emulator is running at this address. It prints its ports at start"
                : `Allow outgoing TCP connections to port ${port} in the firewall of this network`
        return fail(`${addressText(address)}: ${errorText(error)}`, cure)
    }
}

async function openTls(
    { settings, probes }: Target,
    port: number,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const { deviceHost, ca } = settings
    const address = addressOfPort(settings, port) as HostAddress
    try {
        const certificate = await probes.tlsHandshake({ address, serverName: deviceHost, ca }, signal)
        return certificateOutcome(deviceHost, certificate, {
            hasCa: ca !== undefined,
            nowMs: probes.clock.nowMs(),
        })
    } catch (error) {
        if (signal.aborted) throw error
        return fail(
            `${addressText(address)}: the TLS handshake failed: ${errorText(error)}`,
            "Check that the port belongs to this service, and that no proxy answers instead"
        )
    }
}

/** Every response of DPS has a `Date` header, also an error response. Boards learn the time in the same way. */
async function compareClocks(
    { settings, probes }: Target,
    onSkew: (skewSec: number) => void,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const hostName = settings.deviceHost
    const sentMs = probes.clock.nowMs()
    const request = { hostName, method: "HEAD", path: "/", headers: {} }
    try {
        const { headers } = await probes.sendRequest(settings, request, signal)
        const skewSec = clockSkewSec(headers.date, { sentMs, receivedMs: probes.clock.nowMs() })
        if (skewSec === undefined)
            return fail(
                `the response of ${hostName} has no Date header`,
                "Check that the host is DPS, whose responses have a Date header"
            )
        onSkew(skewSec)
        return skewOutcome(skewSec)
    } catch (error) {
        return failFromError(error, signal)
    }
}

/**
 * Yields the findings about the connection to DPS.
 * @param onSkew receives how far the clock of this machine is ahead of the service's clock, in seconds
 */
export async function* checkConnectivity(
    { runner, ...target }: CheckContext,
    onSkew: (skewSec: number) => void
): AsyncGenerator<Finding> {
    // With an address in the settings, the host name is never resolved.
    const tcpNeeds = target.settings.connect ? [] : ["DNS"]
    yield* await runner.run({
        name: "DNS",
        timeoutCure: "Check the network settings: the DNS server does not answer",
        run: () => resolveDeviceHost(target),
    })
    for (const port of [HTTPS_PORT, MQTT_PORT]) {
        const tcp = `TCP ${port}`
        yield* await runner.run({
            name: tcp,
            needs: tcpNeeds,
            timeoutCure: `Allow outgoing TCP connections to port ${port}: a firewall drops them`,
            run: signal => openTcp(target, port, signal),
        })
        yield* await runner.run({
            name: `TLS ${port}`,
            needs: [tcp],
            run: signal => openTls(target, port, signal),
        })
    }
    yield* await runner.run({
        name: "clock",
        needs: [HTTPS_TLS],
        run: signal => compareClocks(target, onSkew, signal),
    })
}
