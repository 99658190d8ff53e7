import "reflect-metadata"
import { webcrypto } from "node:crypto"
import { isIP } from "node:net"
import * as x509 from "@peculiar/x509"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"

/** The names that every emulated service answers to. */
const NAMES = [
    "localhost",
    GLOBAL_DEVICE_ENDPOINT,
    "*.azure-devices-provisioning.net",
    "*.azure-devices.net",
    "127.0.0.1",
    "127.0.0.2",
]

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const DAY_MS = 86_400_000
/** Made anew at most starts, so short is long enough; backdated for boards whose clock is behind. */
const VALID_DAYS = 30
/** An authority that is kept is used again unless it would end so soon. */
const RENEW_BEFORE_DAYS = 7

/** A certificate authority made at start, and the one certificate that the emulator serves. All PEM. */
export interface CertificateAuthority {
    /** What a client must trust. */
    ca: string
    certificate: string
    key: string
    /** When all of it ends. */
    endsAtMs: number
    /** What the certificate is for, beside what it always is. */
    names: string[]
}

function pem(label: string, der: ArrayBuffer): string {
    const lines =
        Buffer.from(der)
            .toString("base64")
            .match(/.{1,64}/g) ?? []
    return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n")
}

/**
 * Makes an authority and a certificate for the Azure names, localhost and 127.0.0.1.
 * @param names more names or addresses that clients may use
 * @param kept one from an earlier start, used again while it serves, so that clients need not trust another
 */
export async function makeAuthority(
    nowMs: number,
    names: string[] = [],
    kept?: CertificateAuthority
): Promise<CertificateAuthority> {
    const lasts = kept && kept.endsAtMs > nowMs + RENEW_BEFORE_DAYS * DAY_MS
    if (lasts && names.every(name => kept.names.includes(name))) return kept
    x509.cryptoProvider.set(webcrypto as never)
    const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])
    const endsAtMs = nowMs + VALID_DAYS * DAY_MS
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
    const alternatives = [...NAMES, ...names].map((value): x509.JsonGeneralName => ({
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
        key: pem("PRIVATE KEY", key),
        endsAtMs,
        names,
    }
}
