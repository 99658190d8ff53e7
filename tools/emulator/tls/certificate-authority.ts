// The certificate authority and the server certificate of the emulator.
import "reflect-metadata"
import { webcrypto } from "node:crypto"
import { isIP } from "node:net"
import * as x509 from "@peculiar/x509"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"

/** The host names of every certificate. */
const DEFAULT_NAMES = [
    "localhost",
    GLOBAL_DEVICE_ENDPOINT,
    "*.azure-devices-provisioning.net",
    "*.azure-devices.net",
    "127.0.0.1",
    "127.0.0.2",
]

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const DAY_MS = 86_400_000
/** A certificate is usually replaced at the next start, so a short validity is enough. */
const VALID_DAYS = 30
/** A stored authority is replaced when its remaining validity is shorter. */
const RENEW_BEFORE_DAYS = 7

/** A certificate authority and the server certificate of the emulator, all PEM. */
export interface CertificateAuthority {
    /** The certificate that clients must trust. */
    ca: string
    certificate: string
    key: string
    /** The end of the validity. */
    endsAtMs: number
    /** The names of the certificate in addition to the default names. */
    names: string[]
}

function toPem(label: string, der: ArrayBuffer): string {
    const lines =
        Buffer.from(der)
            .toString("base64")
            .match(/.{1,64}/g) ?? []
    return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n")
}

/**
 * Creates an authority and a certificate for the Azure names, localhost and 127.0.0.1.
 * @param names further names or addresses that clients use
 * @param stored the authority of an earlier start; it is returned if it is still valid and contains all names, so that
 * clients do not have to trust a new certificate
 */
export async function makeAuthority(
    nowMs: number,
    names: string[] = [],
    stored?: CertificateAuthority
): Promise<CertificateAuthority> {
    const isValid = stored && stored.endsAtMs > nowMs + RENEW_BEFORE_DAYS * DAY_MS
    if (isValid && names.every(name => stored.names.includes(name))) return stored
    x509.cryptoProvider.set(webcrypto as never)
    const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])
    const endsAtMs = nowMs + VALID_DAYS * DAY_MS
    // The start lies one day in the past, for boards whose clock is slow.
    const dates = { notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(endsAtMs) }
    const caKeys = await newKeys()
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
        ...dates,
        serialNumber: "01",
        name: "CN=Moorage emulator CA",
        signingAlgorithm: ALGORITHM,
        keys: caKeys,
        extensions: [
            new x509.BasicConstraintsExtension(true, 0, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        ],
    })
    const keys = await newKeys()
    const alternatives = [...DEFAULT_NAMES, ...names].map((value): x509.JsonGeneralName => ({
        type: isIP(value) ? "ip" : "dns",
        value,
    }))
    const certificate = await x509.X509CertificateGenerator.create({
        ...dates,
        serialNumber: "02",
        subject: "CN=Moorage emulator",
        issuer: ca.subject,
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        extensions: [
            new x509.SubjectAlternativeNameExtension(alternatives),
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
            new x509.BasicConstraintsExtension(false, undefined, true),
        ],
    })
    const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)
    return {
        ca: ca.toString("pem"),
        certificate: certificate.toString("pem"),
        key: toPem("PRIVATE KEY", key),
        endsAtMs,
        names,
    }
}
