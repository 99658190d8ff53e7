// A world with faulty connections: peers that never answer, packets that get lost, invalid bytes.
import type { Link } from "@moorage/runtime"
import { type Dial, createWorld, type FirmwareWorldOptions, type FirmwareWorld } from "./firmware-world.js"

/** Returns whether these bytes, sent in one direction, reach the other side. */
type BytesFilter = (bytes: Uint8Array) => boolean

/** Decides which bytes of a connection reach the other side (default: all). */
export interface LinkFilter {
    fromBoard?: BytesFilter
    toBoard?: BytesFilter
    /** The peer has vanished: no bytes pass in either direction, and no end of the stream. */
    hasVanished?: boolean
}

/** Handles a connection. Returns the link that the cloud serves, or undefined. */
export type LinkBehaviour = (link: Link) => Link | undefined

/** Returns `link` as the cloud sees it behind the filter. Changes of the filter take effect immediately. */
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

/** Reads everything and never answers. */
export const neverAnswer: LinkBehaviour = link => {
    link.listen({ data: () => {}, closed: () => {} })
    return undefined
}

/** Answers the requests of a connection with `answers`, in order. */
export function answerRequests(answers: (string | Buffer)[]): LinkBehaviour {
    return link => {
        let i = 0
        link.listen({
            data: () => {
                if (i < answers.length) link.send(Buffer.from(answers[i++] as string))
            },
            closed: () => {},
        })
        return undefined
    }
}

export interface HostileWorld extends FirmwareWorld {
    /** Uses `behaviour` for the next `times` connections that `matches` accepts (default: 1). */
    useBehaviour(behaviour: LinkBehaviour, matches: (dial: Dial) => boolean, times?: number): void
    /** The latest connection: its filter, and the cloud's end of the link. */
    readonly latest: { filter: LinkFilter; link: Link; dial: Dial }
    /** Returns the seconds until the next connection to a host `host...`. @throws Error after `limitSec` */
    secUntilDial(host: string, limitSec: number): number
}

export const isHub = ({ host, port }: { host: string; port: number }) =>
    host.startsWith("hub") && port === 8883
export const isDpsMqtt = ({ host, port }: { host: string; port: number }) =>
    !host.startsWith("hub") && port === 8883
export const isDpsHttps = ({ port }: { port: number }) => port === 443

/** Builds the world. The board is off, and all connections work. */
export async function createHostileWorld(options: FirmwareWorldOptions): Promise<HostileWorld> {
    let active: { behaviour: LinkBehaviour; matches: (dial: Dial) => boolean; times: number } | undefined
    let latest: HostileWorld["latest"] | undefined
    const world = await createWorld({
        ...options,
        interceptLink: (link, dial) => {
            latest = { filter: {}, link, dial }
            if (active && active.times > 0 && active.matches(dial)) {
                active.times--
                return active.behaviour(link)
            }
            return filterLink(link, latest.filter)
        },
    })
    return {
        ...world,
        useBehaviour(behaviour, matches, times = 1) {
            active = { behaviour, matches, times }
        },
        get latest() {
            if (!latest) throw new Error("The board has not opened a connection yet.")
            return latest
        },
        secUntilDial(host, limitSec) {
            const from = world.dials.length
            const startMs = world.clock.nowMs()
            const dialled = () => world.dials.slice(from).some(dial => dial.host.startsWith(host))
            if (!world.clock.advanceUntil(dialled, limitSec * 1000))
                throw new Error(`The board did not connect to ${host} in ${limitSec} s.`)
            return (world.clock.nowMs() - startMs) / 1000
        },
    }
}
