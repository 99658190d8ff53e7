// The client side of measured-server.ts: starts the measured server and connects to it.
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { fileURLToPath } from "node:url"

/** The measured server: the emulator of Moorage, or the bare MQTT broker aedes. */
export type ServerKind = "moorage" | "aedes"
export type Transport = "tcp" | "tls"

/** Resources that the server used since its start. */
export interface ServerUsage {
    cpuMs: number
    rss: number
    heapUsed: number
    external: number
}

/** A server in a process of its own. */
export class ServerProcess {
    private constructor(
        private readonly process: ChildProcess,
        private readonly port: number,
        private readonly transport: Transport
    ) {}

    /** Starts a server. @param execArgv options for Node, such as `--cpu-prof` */
    static async start(
        kind: ServerKind,
        transport: Transport,
        execArgv: string[] = []
    ): Promise<ServerProcess> {
        const file = fileURLToPath(new URL("measured-server.ts", import.meta.url))
        const process = fork(file, [kind, transport], {
            execArgv: ["--import", "tsx", "--expose-gc", ...execArgv],
        })
        const [{ port }] = (await once(process, "message")) as [{ port: number }]
        return new ServerProcess(process, port, transport)
    }

    /** Returns the resources that the server has used. Before that, adds `devices` to its hub. */
    async usage(devices?: { id: string; key: string }[]): Promise<ServerUsage> {
        const answer = once(this.process, "message")
        this.process.send({ devices })
        return ((await answer) as [ServerUsage])[0]
    }

    /** Returns a connected socket. */
    async connect(): Promise<Socket> {
        const { port } = this
        const address = { port, host: "127.0.0.1" }
        const socket =
            this.transport === "tcp"
                ? connectTcp(address)
                : connectTls({ ...address, rejectUnauthorized: false })
        await once(socket, this.transport === "tcp" ? "connect" : "secureConnect")
        socket.setNoDelay(true)
        return socket
    }

    /** Ends the process. */
    async stop(): Promise<void> {
        const gone = once(this.process, "exit")
        this.process.kill("SIGINT")
        await gone
    }
}
