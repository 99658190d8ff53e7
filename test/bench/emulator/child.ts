import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { fileURLToPath } from "node:url"

export type What = "ours" | "aedes"
export type Transport = "tcp" | "tls"

export interface Usage {
    cpuMs: number
    rss: number
    heapUsed: number
    external: number
}

/** A server in its own process. */
export class Child {
    private constructor(
        private readonly process: ChildProcess,
        private readonly port: number,
        private readonly transport: Transport
    ) {}

    /** @param execArgv for Node, such as `--cpu-prof` */
    static async start(what: What, transport: Transport, execArgv: string[] = []): Promise<Child> {
        const file = fileURLToPath(new URL("server.ts", import.meta.url))
        const process = fork(file, [what, transport], {
            execArgv: ["--import", "tsx", "--expose-gc", ...execArgv],
        })
        const [{ port }] = (await once(process, "message")) as [{ port: number }]
        return new Child(process, port, transport)
    }

    /** What it has used until now; `devices` are put into its hub. */
    async usage(devices?: { id: string; key: string }[]): Promise<Usage> {
        const answer = once(this.process, "message")
        this.process.send({ devices })
        return ((await answer) as [Usage])[0]
    }

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

    async stop(): Promise<void> {
        const gone = once(this.process, "exit")
        this.process.kill("SIGINT")
        await gone
    }
}
