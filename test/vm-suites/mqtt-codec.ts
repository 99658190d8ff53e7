// The MQTT codec inside the VM. This suite covers what depends on DeviceScript's Buffer. The tests in
// test/unit/device/mqtt cover the rest in Node.
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { Fault, FaultKind } from "../../devs/contract/fault"
import {
    Decoder,
    decodePublish,
    encodeEmpty,
    encodeConnect,
    encodePubAck,
    encodePublish,
    encodeSubscribe,
    encodeUnsubscribe,
    KEPT_BYTES,
} from "../../devs/mqtt/mqtt-packet"

let decodedPackets: string[] = []

/** Adds the packet to `decodedPackets`, in the form `header:length:body size:content`. */
function recordPacket(head: number, body: Buffer, length: number): void {
    let text = head + ":" + length + ":" + body.length
    if ((head & 0xf0) === 0x30) {
        const message = decodePublish(head, body, length)
        text +=
            ":" +
            message.topic +
            ":" +
            message.id +
            ":" +
            (message.payload ? message.payload.toString() : "-")
    } else text += ":" + body.toString("hex")
    decodedPackets.push(text)
}

/** Decodes `bytes` in chunks of at most `step` bytes. Returns the packets, separated by spaces. */
async function decode(bytes: Buffer, step: number): Promise<string> {
    decodedPackets = []
    const decoder = new Decoder(600, recordPacket)
    for (let at = 0; at < bytes.length; at += step) {
        decoder.feed(bytes.slice(at, Math.min(bytes.length, at + step)))
        // Each chunk gets its own time slice of the VM, as each socket event does.
        await ds.sleep(1)
    }
    return decodedPackets.join(" ")
}

/** Returns the kind of the fault that decoding `bytes` causes. @throws Error when there is no fault */
async function faultKindOf(bytes: Buffer): Promise<number> {
    try {
        await decode(bytes, 64)
    } catch (e) {
        if (e instanceof Fault) return (e as Fault).kind
    }
    throw new Error("no fault")
}

/** Returns a QoS 1 PUBLISH to `t/1` with identifier 513 and `size` bytes of payload. */
function publishWithPayload(size: number): Buffer {
    const payload = Buffer.alloc(size)
    payload.fillAt(0, size, 0x61)
    return encodePublish("t/1", payload, 1, false, 513)
}

describe("the MQTT codec", () => {
    test("writes CONNECT with all options", () => {
        const bytes = encodeConnect({
            clientId: "é",
            username: "u",
            password: "pw",
            keepAliveSec: 600,
            cleanSession: true,
        })
        expect(bytes.toString("hex")).toBe("101500044d51545404c20258" + "0002c3a9" + "000175" + "00027077")
    })
    test("writes CONNECT with a client ID only", () => {
        const bytes = encodeConnect({ clientId: "a", keepAliveSec: 0, cleanSession: false })
        expect(bytes.toString("hex")).toBe("100d00044d515454040000000" + "00161")
    })
    test("writes PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and DISCONNECT", () => {
        expect(encodePublish("a", "bc", 0, true, 0).toString("hex")).toBe("31050001616263")
        expect(encodePublish("a", hex`00ff`, 1, false, 0xfffe).toString("hex")).toBe("3207000161fffe00ff")
        expect(encodePubAck(513).toString("hex")).toBe("40020201")
        expect(encodeSubscribe(1, "a/#", 1).toString("hex")).toBe("820800010003612f2301")
        expect(encodeUnsubscribe(2, "a/#").toString("hex")).toBe("a20700020003612f23")
        expect(encodeEmpty(0xc0).toString("hex")).toBe("c000")
        expect(encodeEmpty(0xe0).toString("hex")).toBe("e000")
    })
    test("writes remaining lengths of one and two bytes", () => {
        expect(publishWithPayload(120).slice(0, 3).toString("hex")).toBe("327f00")
        expect(publishWithPayload(121).slice(0, 3).toString("hex")).toBe("328001")
    })
    test("reads joined and split packets in the same way", async () => {
        const bytes = hex`20020105 d000 30050001616263 3207000162000700ff 40020201 9003000180 b0020002`
        const whole = await decode(bytes, 64)
        expect(whole.startsWith("32:2:2:0105 208:0:0: 48:5:5:a:0:bc 50:7:7:b:7:")).toBe(true)
        expect(whole.endsWith(" 64:2:2:0201 144:3:3:000180 176:2:2:0002")).toBe(true)
        for (let step = 1; step < 12; step++) expect(await decode(bytes, step)).toBe(whole)
    })
    test("skips a packet over the size limit but keeps its identifier", async () => {
        const bytes = Buffer.concat(publishWithPayload(700), hex`d000`)
        const skipped = "50:707:" + KEPT_BYTES + ":t/1:513:- 208:0:0:"
        for (const step of [1, 7, 512, 1024]) expect(await decode(bytes, step)).toBe(skipped)
    })
    test("reads an empty payload and a payload of the maximum size", async () => {
        expect(await decode(publishWithPayload(0), 64)).toBe("50:7:7:t/1:513:")
        expect((await decode(publishWithPayload(593), 64)).length).toBe("50:600:600:t/1:513:".length + 593)
    })
    test("causes a Protocol fault for invalid MQTT", async () => {
        expect(await faultKindOf(hex`0000`)).toBe(FaultKind.Protocol)
        expect(await faultKindOf(hex`3080808080`)).toBe(FaultKind.Protocol)
        expect(await faultKindOf(hex`c000`)).toBe(FaultKind.Protocol)
        expect(await faultKindOf(hex`3003000961`)).toBe(FaultKind.Protocol)
        expect(await faultKindOf(hex`32050001610000`)).toBe(FaultKind.Protocol)
    })
    test("reads a chunk full of the smallest packets in one time slice of the VM", () => {
        const chunk = Buffer.alloc(1024)
        for (let i = 0; i < 1024; i += 2) chunk[i] = 0xd0
        decodedPackets = []
        let count = 0
        const decoder = new Decoder(600, () => {
            count++
        })
        decoder.feed(chunk)
        expect(count).toBe(512)
    })
})
