// The identity of the board at DPS, which registration and status lookup need.

export interface BoardIdentity {
    dpsHost: string
    /** MQTT port of DPS and of the hubs. */
    port: number
    /** HTTPS port of DPS. */
    httpPort: number
    /** Whether sockets use TLS. Plain TCP is for a lab only. */
    tls: boolean
    idScope: string
    registrationId: string
    /** The symmetric key of the device, decoded. */
    key: Buffer
}

/** Life of a token for DPS in s. A token serves one connection. */
export const TOKEN_SEC = 3600

/** Returns the resource that a DPS token signs, which is also the path of the device API. */
export function resourceOf(dps: BoardIdentity): string {
    return dps.idScope + "/registrations/" + dps.registrationId
}
