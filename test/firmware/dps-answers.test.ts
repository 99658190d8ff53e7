// What the board does with answers of DPS that are valid but unusual: their HTTP form, topic, retry-after and error code.
import { writeSettings } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { CAP_MS, SERVER_ERROR_MS } from "../../devs/retry/retry-policy"
import {
    CALL_MS,
    expectEachWithin,
    gapsBetween,
    HUB_HOST,
    IMAGES,
    registrationsOf,
    requestTimesMs,
    startOneHubWorld,
} from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld, HTTPS_PORT } from "../helpers/firmware-world.js"
import { answerRequests, createHostileWorld, isDpsHttps } from "../helpers/hostile-world.js"

/** A valid answer to the HEAD request for the time. */
const TIME = "HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 2026 00:00:02 GMT\r\nContent-Length: 0\r\n\r\n"
const DAY_SEC = 86_400

/** Builds a world whose DPS answers the first HTTPS connection with `answers`, and switches the board on. */
async function startWithHttps(image: "main" | "maintight", answers: string[]) {
    const world = await createHostileWorld({ image, hubs: [HUB_HOST], heapBytes: 40 * 1024 })
    world.useBehaviour(answerRequests(answers), isDpsHttps)
    // The full image sends a status lookup only if its record is invalid.
    if (image === "main") writeSettings(world.board.flash, { hub: "invalid" })
    world.board.powerOn()
    return world
}

describe("a board that gets an unusual HTTPS answer", () => {
    test.each(IMAGES)(
        "sets its clock from an obsolete date between tabs, after interim responses (image: %s)",
        async image => {
            for (const date of ["Thu Jan  1 00:00:02 2026", "Thursday, 01-Jan-26 00:00:02 GMT"]) {
                const world = await startWithHttps(image, [
                    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
                        `HTTP/1.1 404 x\r\nDate:\t${date} \t\r\nContent-Length: 0\r\n\r\n`,
                    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n" +
                        "Transfer-Encoding:\tchunked \r\n\r\n4\r\nnull\r\n0\r\n\r\n",
                ])
                world.untilLogged(/^moored/, 30)
                expect(world.logged("next in")).toEqual([])
            }
        }
    )

    test.each(
        IMAGES.flatMap(([image]) =>
            [
                ["204", "HTTP/1.1 204 No Content\r\n\r\n"],
                ["204 with Content-Length", "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"],
                ["304", "HTTP/1.1 304 Not Modified\r\n\r\n"],
            ].map(([name, answer]) => [name, image, answer] as const)
        )
    )("registers without a wait when the answer is %s (image: %s)", async (_, image, answer) => {
        const world = await startWithHttps(image, [TIME, answer])
        world.untilLogged(/^moored/, 30)
        expect(world.logged("next in")).toEqual([])
        expect(registrationsOf(world)).toBe(1)
    })

    test.each(IMAGES)(
        "waits for the retry-after of status 429 to its clock request, in seconds or as a date (image: %s)",
        async image => {
            for (const retryAfter of ["120", "Thu, 01 Jan 2026 00:02:02 GMT"]) {
                const world = await startWithHttps(image, [
                    TIME.replace("404 Not Found", `429 Too Many Requests\r\nRetry-After: ${retryAfter}`),
                ])
                world.untilLogged("DPS 429", 10)
                expectEachWithin([world.secUntilDial("global", 200)], 120, 152)
                world.untilLogged(/^moored/, 30)
            }
        }
    )

    test.each(IMAGES)("keeps the status of an answer that is too long (image: %s)", async image => {
        const page = "<p>blocked</p>".repeat(360)
        for (const body of [
            `Content-Length: ${page.length}\r\n\r\n${page}`,
            `Transfer-Encoding: chunked\r\n\r\n${page.length.toString(16)}\r\n${page}\r\n0\r\n\r\n`,
            `Connection: close\r\n\r\n${page}`,
        ]) {
            const world = await startWithHttps(image, [TIME, `HTTP/1.1 403 Forbidden\r\n${body}`])
            world.untilLogged("DPS 403", 10)
            // A refusal: the board sets its clock and tries again.
            world.untilLogged(/^moored/, 30)
            expect(world.board.stats.panics).toBe(0)
        }
    })
})

describe("a board that gets a retry-after of ten days", () => {
    test("waits one day after an error, plus a quarter at most", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({
            on: "register",
            times: 1,
            fault: { status: 429, retryAfterSec: 10 * DAY_SEC },
        })
        world.untilLogged(/^moored/, 2 * DAY_SEC)
        const waits = gapsBetween(requestTimesMs(world, "register"))
        expectEachWithin(waits, DAY_SEC * 1000, DAY_SEC * 1250 + CALL_MS)
    })

    test("polls after one day", async () => {
        const world = await startOneHubWorld("main", { retryAfterSec: 10 * DAY_SEC })
        world.untilLogged(/^moored/, 2 * DAY_SEC)
        const [[register], [poll]] = [requestTimesMs(world, "register"), requestTimesMs(world, "poll")]
        expectEachWithin([poll - register], DAY_SEC * 1000, DAY_SEC * 1000 + 2 * CALL_MS)
    })
})

describe("a board whose registration fails because of an error of the service", () => {
    const FAILED =
        '{"operationId":"o","status":"failed","registrationState":{"status":"failed","errorCode":500000,' +
        '"errorMessage":"Internal server error"}}'

    test.each([
        ["main", "register"],
        ["main", "poll"],
        ["maintight", "poll"],
    ] as const)(
        "registers again with the waits of a server error (image: %s, request: %s)",
        async (image, on) => {
            const world = await createWorld({ image, hubs: [HUB_HOST] })
            const { dps } = world.cloud
            const [register, poll] = [dps.register.bind(dps), dps.poll.bind(dps)]
            let failures = 6
            const failed = <T extends object>(answer: T) =>
                failures-- > 0 ? { ...answer, status: 200, body: FAILED } : answer
            if (on === "register") dps.register = (...request) => failed(register(...request))
            else dps.poll = (...request) => failed(poll(...request))
            world.board.powerOn()
            world.untilLogged(/^moored/, 1800)
            const waits = gapsBetween(requestTimesMs(world, "register"))
            expect(waits).toHaveLength(6)
            expectEachWithin(waits, SERVER_ERROR_MS, CAP_MS + 10_000)
            expect(world.logged("DPS 500000 Internal server error; next in")).toHaveLength(6)
        }
    )

    test.each(IMAGES)(
        "registers immediately when its status lookup has this answer (image: %s)",
        async image => {
            const state = FAILED.slice(FAILED.indexOf('{"status"'), -1)
            const world = await startWithHttps(image, [
                TIME,
                `HTTP/1.1 200 OK\r\nContent-Length: ${state.length}\r\n\r\n${state}`,
            ])
            world.untilLogged(/^moored/, 30)
            expect(world.logged("next in")).toEqual([])
        }
    )
})

describe("a board that gets an unusual response topic", () => {
    /** Builds a world that passes each packet of DPS to `change`, which returns the packets for the board. */
    async function startWithTopics(retryAfterSec: number, change: (packet: string) => string[]) {
        return startOneHubWorld("main", {
            retryAfterSec,
            interceptLink: (link, { host, port }) =>
                host === HUB_HOST || port === HTTPS_PORT
                    ? link
                    : Object.assign(Object.create(link), {
                          listen: link.listen.bind(link),
                          send: (bytes: Uint8Array) => {
                              for (const packet of change(Buffer.from(bytes).toString("latin1")))
                                  link.send(Buffer.from(packet, "latin1"))
                          },
                      }),
        })
    }

    const pollDelayMs = (world: FirmwareWorld) =>
        requestTimesMs(world, "poll")[0] - requestTimesMs(world, "register")[0]

    test("reads retry-after in capitals and before $rid", async () => {
        const world = await startWithTopics(30, packet => [
            packet.replace(/(\$rid=\d+)&retry-after=30/, "Retry-After=30&$1"),
        ])
        world.untilLogged(/^moored/, 120)
        expectEachWithin([pollDelayMs(world)], 30_000, 30_000 + 2 * CALL_MS)
        expect(registrationsOf(world)).toBe(1)
    })

    test("polls at the later time of two answers to one request", async () => {
        const world = await startWithTopics(10, packet => [
            packet,
            ...(packet.includes("res/202/")
                ? [packet.replace("res/202/", "res/429/").replace("retry-after=10", "retry-after=40")]
                : []),
        ])
        world.untilLogged(/^moored/, 120)
        expectEachWithin([pollDelayMs(world)], 40_000, 40_000 + 2 * CALL_MS)
        expect(registrationsOf(world)).toBe(1)
    })
})
