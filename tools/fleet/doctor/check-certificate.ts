// Checks the certificate of a TLS handshake: whether devices and the host tool trust it.
import { type CheckOutcome, fail, ok, warn } from "./finding.js"

const DAY_MS = 86_400_000
/** Services renew their certificates earlier than this. A certificate that expires sooner was probably forgotten. */
const EXPIRY_WARNING_DAYS = 3

export interface ServerCertificate {
    /** `TLSv1.2` or later. */
    protocol: string
    /** Name of the issuer. */
    issuer: string
    /** Host names of the certificate. */
    names: string
    expiresAtMs: number
    /** Error code of Node or OpenSSL if the certificate is not trusted. */
    untrustedReason?: string
}

export interface CertificateCheckOptions {
    /** Whether a CA replaces the CAs that Node trusts. */
    hasCa: boolean
    /** Time by the clock of this machine, which may be wrong. */
    nowMs: number
}

const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Returns the outcome for the certificate of a host. */
export function certificateOutcome(
    host: string,
    certificate: ServerCertificate,
    { hasCa, nowMs }: CertificateCheckOptions
): CheckOutcome {
    const { protocol, issuer, names, expiresAtMs, untrustedReason } = certificate
    const summary = `${protocol}, certificate by ${issuer}, until ${isoDay(expiresAtMs)}`
    const clockCure = `If today is not ${isoDay(nowMs)}, set the clock of this machine`
    switch (untrustedReason) {
        case undefined:
            return expiresAtMs - nowMs < EXPIRY_WARNING_DAYS * DAY_MS
                ? warn(
                      summary,
                      `Ask the operator of the service to renew it: it expires in less than ${EXPIRY_WARNING_DAYS} days`
                  )
                : ok(summary)
        case "CERT_HAS_EXPIRED":
            return fail(
                `the certificate by ${issuer} expired on ${isoDay(expiresAtMs)}`,
                `${clockCure}; otherwise ask the operator of the service to renew it`
            )
        case "CERT_NOT_YET_VALID":
            return fail(`the certificate by ${issuer} is not yet valid`, clockCure)
        case "ERR_TLS_CERT_ALTNAME_INVALID":
            return fail(
                `the certificate belongs to another host: it is for ${names}, not for ${host}`,
                "Check the host name, and whether a proxy or login page of this network answers instead"
            )
        default:
            return fail(
                `the certificate by ${issuer} is not trusted (${untrustedReason})`,
                hasCa
                    ? "Check the CA file: it is not the CA of this service. An emulator creates a new CA at each start"
                    : "Set the CA with --ca or in the profile, if this is an emulator or a proxy that you trust"
            )
    }
}
