// A certificate authority for tests.
import "reflect-metadata"
import { webcrypto } from "node:crypto"
import * as x509 from "@peculiar/x509"

x509.cryptoProvider.set(webcrypto as never)

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

export interface CertificateAndKey {
    cert: string
    key: string
}

async function generateKeys() {
    return webcrypto.subtle.generateKey(ALGORITHM, true, [
        "sign",
        "verify",
    ]) as Promise<webcrypto.CryptoKeyPair>
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
    const der = await webcrypto.subtle.exportKey("pkcs8", key)
    return x509.PemConverter.encode(der, "PRIVATE KEY")
}

const validity = { notBefore: new Date("2020-01-01"), notAfter: new Date("2120-01-01") }

/** Creates a certificate authority. `issue` signs a certificate for one DNS name, valid from 2020 to 2120. */
export async function makeCa(): Promise<{
    cert: string
    issue(name: string, notAfter?: Date): Promise<CertificateAndKey>
}> {
    const caKeys = await generateKeys()
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
        ...validity,
        serialNumber: "01",
        name: "CN=Test CA",
        signingAlgorithm: ALGORITHM,
        keys: caKeys,
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    })
    return {
        cert: ca.toString("pem"),
        async issue(name, notAfter = validity.notAfter) {
            const subjectKeys = await generateKeys()
            const cert = await x509.X509CertificateGenerator.create({
                ...validity,
                notAfter,
                serialNumber: "02",
                subject: `CN=${name}`,
                issuer: ca.subject,
                signingAlgorithm: ALGORITHM,
                publicKey: subjectKeys.publicKey,
                signingKey: caKeys.privateKey,
                extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
            })
            return { cert: cert.toString("pem"), key: await keyPem(subjectKeys.privateKey) }
        },
    }
}
