// The parser of DPS answers, devs/dps/dps-answer.ts.
import { describe, expect, test } from "vitest"
import { readAnswer, topicParameter } from "../../../../devs/dps/dps-answer"
import { type Fault, FaultKind } from "../../../../devs/contract/fault"

const OPERATION = "5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550"
const STATE = `"assignedHub":"h.azure-devices.net","deviceId":"d1","status":"assigned"`

function faultOf(status: number, body: string, retryAfterSec = 0): Fault {
    try {
        readAnswer(status, body, retryAfterSec)
    } catch (e) {
        return e as Fault
    }
    throw new Error("no fault")
}

describe("an answer of DPS", () => {
    test("is read as assigning, with operation ID and retry-after, when the status is 202", () => {
        const answer = readAnswer(202, `{"operationId":"${OPERATION}","status":"assigning"}`, 3)
        expect(answer).toMatchObject({ status: "assigning", operationId: OPERATION, retryAfterSec: 3 })
    })

    test("is read as assigned in the nested form (register) and in the flat form (lookup)", () => {
        const found = { status: "assigned", hub: "h.azure-devices.net", deviceId: "d1" }
        expect(
            readAnswer(200, `{"operationId":"o","status":"assigned","registrationState":{${STATE}}}`, 0)
        ).toMatchObject(found)
        expect(readAnswer(200, `{${STATE}}`, 0)).toMatchObject(found)
    })

    test("is read as unassigned when it is 404, null, empty or unassigned", () => {
        for (const [status, body] of [
            [404, `{"errorCode":404201}`],
            [204, ""],
            [304, ""],
            [200, "null"],
            [200, ""],
            [200, `{"status":"unassigned"}`],
        ] as const)
            expect(readAnswer(status, body, 0).status).toBe("unassigned")
    })

    test.each([
        [401, `{"errorCode":401000,"message":"Unauthorized"}`, FaultKind.Refused],
        [403, "", FaultKind.Refused],
        [429, `{"errorCode":429001,"message":"Too many requests."}`, FaultKind.Throttled],
        [500, "", FaultKind.ServerError],
        [503, "<html>", FaultKind.ServerError],
        [400, `{"errorCode":400004}`, FaultKind.Rejected],
        [
            200,
            `{"status":"failed","registrationState":{"errorCode":400207,"errorMessage":"no"}}`,
            FaultKind.Rejected,
        ],
        [200, `{"status":"failed"}`, FaultKind.Rejected],
        [200, `{"operationId":"","status":"disabled"}`, FaultKind.Rejected],
        [301, "", FaultKind.ServerError],
        [200, "{", FaultKind.ServerError],
        [200, `{"status":"assigned"}`, FaultKind.ServerError],
        [200, `"assigned"`, FaultKind.ServerError],
        [200, "17", FaultKind.ServerError],
    ])("causes the right kind of fault: %i %s", (status, body, kind) => {
        expect(faultOf(status, body).kind).toBe(kind)
    })

    test("causes a fault with the retry-after and the error text of DPS", () => {
        const fault = faultOf(429, `{"errorCode":429001,"message":"Too many requests."}`, 7)
        expect(fault.retryAfterSec).toBe(7)
        expect(fault.message).toContain("Too many requests.")
    })

    test("is read as failed, without a fault, when failed has an error code of the service", () => {
        const state = `{"errorCode":500000,"errorMessage":"Internal server error"}`
        expect(readAnswer(200, `{"status":"failed","registrationState":${state}}`, 4)).toMatchObject({
            status: "failed",
            retryAfterSec: 4,
            error: "DPS 500000 Internal server error",
        })
        expect(readAnswer(200, `{"status":"failed","errorCode":599999}`, 0).status).toBe("failed")
    })

    test("has a retry-after of at most a day and at least 0", () => {
        for (const [given, expected] of [
            [86_400, 86_400],
            [86_401, 86_400],
            [4e9, 86_400],
            [Infinity, 86_400],
            [-5, 0],
            [NaN, 0],
        ]) {
            expect(readAnswer(202, "{}", given).retryAfterSec).toBe(expected)
            expect(faultOf(429, "", given).retryAfterSec).toBe(expected)
        }
    })
})

describe("a property of a response topic", () => {
    const TOPIC = "$dps/registrations/res/202/?"

    test("is found in any order and in any case", () => {
        for (const query of ["$rid=12&retry-after=5", "Retry-After=5&$rid=12", "x=1&$RID=12&RETRY-AFTER=5"]) {
            expect(topicParameter(TOPIC + query, "$rid")).toBe(12)
            expect(topicParameter(TOPIC + query, "retry-after")).toBe(5)
        }
    })

    test("is 0 when only a longer name contains the name, or the value is not a number", () => {
        for (const query of ["x-retry-after=5", "retry-after-ms=5", "a=retry-after=5", "retry-after=x", ""])
            expect(topicParameter(TOPIC + query, "retry-after"), query).toBe(0)
        expect(topicParameter(TOPIC + "old$rid=1&$rid=2", "$rid")).toBe(2)
    })
})
