// Frames of Jacdac, the bus between the services of the runtime. A frame has crc, size, flags and device, then packets of
// size, service, command and payload (jacdac-c, jd_protocol.h).

const FLAG_COMMAND = 0x01
const HEAD_BYTES = 12
const PACKET_HEAD_BYTES = 4
const EVENT = 0x8000
/** JD_CONTROL_CMD_SET_STATUS_LIGHT. */
const SET_STATUS_LIGHT = 0x84

/** Returns the CRC-16-CCITT with the start value 0xffff, as jd_crc16 does. */
function crc16(bytes: Uint8Array): number {
    let crc = 0xffff
    for (const byte of bytes) {
        let x = (crc >> 8) ^ byte
        x ^= x >> 4
        crc = ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xffff
    }
    return crc
}

interface FrameContent {
    deviceId: string
    /** Number of the service on the device. */
    service: number
    command: number
    payload: Uint8Array
}

function encodeFrame(flags: number, { deviceId, service, command, payload }: FrameContent): Uint8Array {
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

/** Returns a frame with a command to a service of a device. */
export function commandFrame(content: FrameContent): Uint8Array {
    return encodeFrame(FLAG_COMMAND, content)
}

/** Returns the frame with which a device announces its services, which are numbered from 1. */
export function announceFrame(deviceId: string, serviceClasses: number[]): Uint8Array {
    const payload = Buffer.alloc(4 + 4 * serviceClasses.length)
    // Restart counter at its maximum: the device did not restart.
    payload.writeUInt32LE(0x0f, 0)
    serviceClasses.forEach((serviceClass, i) => payload.writeUInt32LE(serviceClass, 4 + 4 * i))
    return encodeFrame(0, { deviceId, service: 0, command: 0, payload })
}

interface EventContent extends Omit<FrameContent, "command"> {
    code: number
    /** Number of earlier events of the device. */
    count: number
}

/** Returns a frame with an event of a service. */
export function eventFrame({ code, count, ...content }: EventContent): Uint8Array {
    return encodeFrame(0, { ...content, command: EVENT | ((count & 0x7f) << 8) | code })
}

/** Colour of the status light; each component is 0 to 255. */
export interface StatusLight {
    red: number
    green: number
    blue: number
}

/** Returns the colour that a frame sets for the status light, or undefined for any other frame. */
export function parseStatusLight(bytes: Uint8Array): StatusLight | undefined {
    const command = (bytes[14] as number) | ((bytes[15] as number) << 8)
    const isCommand = ((bytes[3] as number) & FLAG_COMMAND) !== 0
    if (!isCommand || bytes[13] !== 0 || command !== SET_STATUS_LIGHT) return undefined
    return { red: bytes[16] as number, green: bytes[17] as number, blue: bytes[18] as number }
}
