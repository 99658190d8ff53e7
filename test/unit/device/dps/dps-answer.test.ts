// The parser of DPS answers, devs/dps/dps-answer.ts.
import { describe, expect, test } from "vitest"
import { readAnswer } from "../../../../devs/dps/dps-answer"
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
        [200, `{"operationId":"","status":"disabled"}`, FaultKind.Rejected],
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
})
