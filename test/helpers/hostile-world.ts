// A world whose links misbehave: peers that stay mute, packets that vanish, bytes that make no sense.
import type { Link } from "@moorage/runtime"
import { type Dial, createWorld, type FirmwareWorldOptions, type FirmwareWorld } from "./firmware-world.js"

/** Bytes as they were sent, in one direction. */
type BytesFilter = (bytes: Uint8Array) => boolean

/** What of a connection reaches the other side; all of it unless given. */
export interface LinkFilter {
    fromBoard?: BytesFilter
    toBoard?: BytesFilter
    /** The peer has vanished: nothing passes any more, the end of the stream neither. */
    hasVanished?: boolean
}

/** What becomes of a connection: what is returned goes to the cloud. */
export type LinkBehaviour = (link: Link) => Link | undefined

/** `link` as the cloud sees it behind the filter, which may change meanwhile. */
export function filterLink(link: Link, filter: LinkFilter): Link {
    return Object.assign(Object.create(link), {
        listen: (handler: Parameters<Link["listen"]>[0]) =>
            link.listen({
                data: bytes => {
                    if (!filter.hasVanished && (filter.fromBoard?.(bytes) ?? true)) handler.data(bytes)
                },
                closed: error => {
                    if (!filter.hasVanished) handler.closed(error)
                },
            }),
        send: (bytes: Uint8Array) => {
            if (!filter.hasVanished && (filter.toBoard?.(bytes) ?? true)) link.send(bytes)
        },
        close: () => {
            if (!filter.hasVanished) link.close()
        },
        abort: () => {
            if (!filter.hasVanished) link.abort()
        },
        pause: () => link.pause(),
        resume: () => link.resume(),
    })
}

/** Takes everything and answers nothing. */
export const neverAnswer: LinkBehaviour = link => {
    link.listen({ data: () => {}, closed: () => {} })
    return undefined
}

/** Answers the request number `i` of a connection, from 0, with `answers[i]`, and closes after the last. */
export function answerRequests(answers: (string | Buffer)[], close = false): LinkBehaviour {
    return link => {
        let i = 0
        link.listen({
            data: () => {
                if (i < answers.length) link.send(Buffer.from(answers[i++] as string))
                if (close && i === answers.length) link.close()
            },
            closed: () => {},
        })
        return undefined
    }
}

export interface HostileWorld extends FirmwareWorld {
    /** Plays `part` on the next `times` connections that `which` fits. */
    useBehaviour(part: LinkBehaviour, which: (dial: Dial) => boolean, times?: number): void
    /** The latest connection: its filter, and the peer's end of it. */
    readonly latest: { filter: LinkFilter; link: Link; dial: Dial }
    /** Seconds from now to the board's next connection to a host of that name; fails after `limitSec`. */
    secUntilDial(host: string, limitSec: number): number
}

export const isHub = ({ host, port }: { host: string; port: number }) =>
    host.startsWith("hub") && port === 8883
export const isDpsMqtt = ({ host, port }: { host: string; port: number }) =>
    !host.startsWith("hub") && port === 8883
export const isDpsHttps = ({ port }: { port: number }) => port === 443

/** Builds the world; the board is off, and nothing misbehaves yet. */
export async function createHostileWorld(options: FirmwareWorldOptions): Promise<HostileWorld> {
    let playing: { part: LinkBehaviour; which: (dial: Dial) => boolean; times: number } | undefined
    let latest: HostileWorld["latest"] | undefined
    const world = await createWorld({
        ...options,
        interceptLink: (link, dial) => {
            latest = { filter: {}, link, dial }
            if (playing && playing.times > 0 && playing.which(dial)) {
                playing.times--
                return playing.part(link)
            }
            return filterLink(link, latest.filter)
        },
    })
    return {
        ...world,
        useBehaviour(part, which, times = 1) {
            playing = { part, which, times }
        },
        get latest() {
            if (!latest) throw new Error("the board has not connected yet")
            return latest
        },
        secUntilDial(host, limitSec) {
            const from = world.dials.length
            const startMs = world.clock.nowMs()
            const dialled = () => world.dials.slice(from).some(dial => dial.host.startsWith(host))
            if (!world.clock.advanceUntil(dialled, limitSec * 1000))
                throw new Error(`no connection to ${host} in ${limitSec} s`)
            return (world.clock.nowMs() - startMs) / 1000
        },
    }
}
