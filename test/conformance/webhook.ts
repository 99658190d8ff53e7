// A webhook for custom allocation: an HTTP server with a decision function that records its requests.
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"

/** The body of a request from DPS (protocol-facts.md, 3; Microsoft, "Custom allocation policy request"). */
export interface WebhookRequest {
    individualEnrollment?: { registrationId: string }
    enrollmentGroup?: { enrollmentGroupId: string }
    deviceRuntimeContext: {
        registrationId: string
        currentIotHubHostName?: string
        currentDeviceId?: string
        payload?: unknown
    }
    linkedHubs: string[]
}

type Decide = (request: WebhookRequest) => { status?: number; body?: object }

async function textOf(request: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
}

/** Starts a webhook on a free port of 127.0.0.1. @param decide returns the answer to a request */
export async function startWebhook(decide: Decide) {
    const asked: WebhookRequest[] = []
    const server = createServer((request, response) => {
        void textOf(request).then(text => {
            const body = JSON.parse(text) as WebhookRequest
            asked.push(body)
            const answer = decide(body)
            response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" })
            response.end(JSON.stringify(answer.body ?? {}))
        })
    })
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/allocate`,
        /** Returns the requests about one device. */
        requestsFor: (id: string) => asked.filter(one => one.deviceRuntimeContext.registrationId === id),
        close: () => new Promise(resolve => server.close(resolve)),
    }
}

export type Webhook = Awaited<ReturnType<typeof startWebhook>>
