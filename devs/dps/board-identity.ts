// Who the board is to DPS: what a registration and a status lookup both need.

export interface BoardIdentity {
    dpsHost: string
    /** MQTT port, of the hubs too. */
    port: number
    /** HTTPS port. */
    httpPort: number
    /** Whether sockets are TLS; plain TCP is for a lab only. */
    tls: boolean
    idScope: string
    registrationId: string
    /** The device's symmetric key, decoded. */
    key: Buffer
}

/** Life of a token for DPS, s: one conversation. */
export const TOKEN_SEC = 3600

/** The resource that a DPS token signs, and the path of the device API. */
export function resourceOf(dps: BoardIdentity): string {
    return dps.idScope + "/registrations/" + dps.registrationId
}
