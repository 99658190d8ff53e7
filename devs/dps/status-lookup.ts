// Device Registration Status Lookup, and the wall clock, which every HTTPS answer of DPS contains. MQTT has no topic for
// either.

import { setClock, nowSec } from "../auth/wall-clock"
import { sasToken } from "../auth/sas-token"
import { Fault, FaultKind } from "../contract/fault"
import { closeHttp, openHttp, requestHttp } from "../http/http-client"
import { type DpsAnswer, readAnswer } from "./dps-answer"
import { type BoardIdentity, resourceOf, TOKEN_SEC } from "./board-identity"

/** Sets the wall clock from the `Date` header of an answer of any status. Throws Fault, also if DPS throttles. */
async function requestTime(dps: BoardIdentity): Promise<void> {
    const response = await requestHttp("HEAD / HTTP/1.1\r\nHost: " + dps.dpsHost + "\r\n", "")
    const isSet = setClock(response.date)
    if (response.status === 429) readAnswer(429, "", response.retryAfterSec)
    if (!isSet) throw new Fault(FaultKind.Protocol, "no Date header")
}

/** Sets the wall clock from DPS. Throws Fault. */
export async function refreshClock(dps: BoardIdentity): Promise<void> {
    await openHttp(dps.dpsHost, dps.httpPort, dps.tls)
    try {
        await requestTime(dps)
    } finally {
        closeHttp()
    }
}

/**
 * Returns the assignment that DPS has for this board, without registering (REST: Device Registration Status Lookup).
 * If the time is unknown, the function sets the clock first on the same connection, which saves a TLS handshake.
 * Throws Fault.
 */
export async function lookup(dps: BoardIdentity): Promise<DpsAnswer> {
    await openHttp(dps.dpsHost, dps.httpPort, dps.tls)
    try {
        // A service that closes the connection now makes this lookup fail. The next lookup knows the time.
        if (nowSec() <= 0) await requestTime(dps)
        const resource = resourceOf(dps)
        const token = sasToken(dps.key, resource, nowSec() + TOKEN_SEC, "registration")
        const response = await requestHttp(
            "POST /" +
                resource +
                "?api-version=2021-06-01 HTTP/1.1\r\nHost: " +
                dps.dpsHost +
                "\r\nContent-Type: application/json\r\nAuthorization: " +
                token +
                "\r\n",
            '{"registrationId":"' + dps.registrationId + '"}'
        )
        setClock(response.date)
        return readAnswer(response.status, response.body, response.retryAfterSec)
    } finally {
        closeHttp()
    }
}
