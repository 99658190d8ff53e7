// Jacdac frames, the bus between the runtime's services: what the host puts on it, and reads off it.
// (jacdac-c, jd_protocol.h: crc, size, flags, device, then packets of size, service, command, payload.)

const FLAG_COMMAND = 0x01
const HEAD_BYTES = 12
const PACKET_HEAD_BYTES = 4
const EVENT = 0x8000
/** JD_CONTROL_CMD_SET_STATUS_LIGHT. */
const SET_STATUS_LIGHT = 0x84

/** CRC-16-CCITT from 0xffff, as jd_crc16. */
function crc16(bytes: Uint8Array): number {
    let crc = 0xffff
    for (const byte of bytes) {
        let x = (crc >> 8) ^ byte
        x ^= x >> 4
        crc = ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xffff
    }
    return crc
}

function frame(
    flags: number,
    deviceId: string,
    service: number,
    command: number,
    payload: Uint8Array
): Uint8Array {
    const size = (PACKET_HEAD_BYTES + payload.length + 3) & ~3
    const bytes = Buffer.alloc(HEAD_BYTES + size)
    bytes[2] = size
    bytes[3] = flags
    Buffer.from(deviceId, "hex").copy(bytes, 4)
    bytes[12] = payload.length
    bytes[13] = service
    bytes.writeUInt16LE(command, 14)
    bytes.set(payload, 16)
    bytes.writeUInt16LE(crc16(bytes.subarray(2)), 0)
    return bytes
}

/** A command to service number `service` of a device. */
export function commandFrame(
    deviceId: string,
    service: number,
    command: number,
    payload: Uint8Array
): Uint8Array {
    return frame(FLAG_COMMAND, deviceId, service, command, payload)
}

/** A device says which services it has, numbered from 1. */
export function announceFrame(deviceId: string, serviceClasses: number[]): Uint8Array {
    const payload = Buffer.alloc(4 + 4 * serviceClasses.length)
    // Restart counter: steady.
    payload.writeUInt32LE(0x0f, 0)
    serviceClasses.forEach((serviceClass, i) => payload.writeUInt32LE(serviceClass, 4 + 4 * i))
    return frame(0, deviceId, 0, 0, payload)
}

/** An event of service number `service`; `count` goes up by one with each event of the device. */
export function eventFrame(
    deviceId: string,
    service: number,
    code: number,
    count: number,
    payload: Uint8Array
): Uint8Array {
    return frame(0, deviceId, service, EVENT | ((count & 0x7f) << 8) | code, payload)
}

/** Colour of the status light, 0 to 255 each. */
export interface StatusLight {
    red: number
    green: number
    blue: number
}

/** The status light that the frame sets, if it does. */
export function statusLightIn(bytes: Uint8Array): StatusLight | undefined {
    const command = (bytes[14] as number) | ((bytes[15] as number) << 8)
    const isCommand = ((bytes[3] as number) & FLAG_COMMAND) !== 0
    if (!isCommand || bytes[13] !== 0 || command !== SET_STATUS_LIGHT) return undefined
    return { red: bytes[16] as number, green: bytes[17] as number, blue: bytes[18] as number }
}
