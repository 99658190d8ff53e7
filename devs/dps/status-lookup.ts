// Device Registration Status Lookup, and the wall clock that comes with any HTTPS answer of DPS.
// There is no MQTT topic for either.

import { learnDate, nowSec } from "../auth/wall-clock"
import { sasToken } from "../auth/sas-token"
import { Fault, FaultKind } from "../contract/fault"
import { closeHttp, openHttp, requestHttp } from "../http/http-client"
import { type DpsAnswer, readAnswer } from "./dps-answer"
import { type BoardIdentity, resourceOf, TOKEN_SEC } from "./board-identity"

/** Asks for the `Date` header only; whatever the status, it is there. Throws Fault when it is not. */
async function learnTime(dps: BoardIdentity): Promise<void> {
    const response = await requestHttp("HEAD / HTTP/1.1\r\nHost: " + dps.dpsHost + "\r\n", "")
    if (!learnDate(response.date)) throw new Fault(FaultKind.Protocol, "no Date")
}

/** Sets the wall clock from DPS. Throws Fault. */
export async function refreshClock(dps: BoardIdentity): Promise<void> {
    await openHttp(dps.dpsHost, dps.httpPort, dps.tls)
    try {
        await learnTime(dps)
    } finally {
        closeHttp()
    }
}

/**
 * Which hub DPS has on record for this board, without registering (REST: Device Registration Status
 * Lookup). While the time is unknown it is learnt first, on the same connection: one handshake.
 * Throws Fault.
 */
export async function lookup(dps: BoardIdentity): Promise<DpsAnswer> {
    await openHttp(dps.dpsHost, dps.httpPort, dps.tls)
    try {
        // A service that closes after this makes the lookup fail once: the next try knows the time.
        if (nowSec() <= 0) await learnTime(dps)
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
        learnDate(response.date)
        return readAnswer(response.status, response.body, response.retryAfterSec)
    } finally {
        closeHttp()
    }
}
