// What a TLS handshake showed, and whether devices and this tool would trust it.
import { fail, ok, type CheckOutcome, warn } from "./finding.js"

const DAY_MS = 86_400_000
/** Whoever runs the service has renewed by then: one that ends sooner was forgotten. */
const SOON_DAYS = 3

export interface ServerCertificate {
    /** `TLSv1.2` or later. */
    protocol: string
    /** Who signed the certificate. */
    issuer: string
    /** Whose it is. */
    names: string
    /** When it ends. */
    expiresAtMs: number
    /** Why it is not trusted; Node's or OpenSSL's code. */
    untrustedReason?: string
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/**
 * @param hasCa whether a CA was given, in place of the usual ones
 * @param nowMs as this machine has it, which may be wrong
 */
export function certificateOutcome(
    host: string,
    seen: ServerCertificate,
    hasCa: boolean,
    nowMs: number
): CheckOutcome {
    const { issuer, names, expiresAtMs: endsAtMs, untrustedReason: distrust } = seen
    const shown = `${seen.protocol}, certificate by ${issuer}, until ${day(endsAtMs)}`
    const today = `If it is not ${day(nowMs)} today, set this machine's clock`
    switch (distrust) {
        case undefined:
            return endsAtMs - nowMs < SOON_DAYS * DAY_MS
                ? warn(shown, `It ends in less than ${SOON_DAYS} days: ask who runs it`)
                : ok(shown)
        case "CERT_HAS_EXPIRED":
            return fail(
                `the certificate by ${issuer} has expired on ${day(endsAtMs)}`,
                `${today}; else ask who runs it`
            )
        case "CERT_NOT_YET_VALID":
            return fail(`the certificate by ${issuer} is not valid yet`, today)
        case "ERR_TLS_CERT_ALTNAME_INVALID":
            return fail(
                `the certificate is of another host: it is for ${names}, not for ${host}`,
                "Check the name; a proxy or portal of this network may answer in its place"
            )
        default:
            return fail(
                `the certificate by ${issuer} is not trusted (${distrust})`,
                hasCa
                    ? "The CA file is not that of this service: an emulator makes a new one at each start"
                    : "Name its CA with --ca or in the profile, if it is an emulator or a proxy that you trust"
            )
    }
}
