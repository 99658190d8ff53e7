// The full image: caches its hub in flash, and keeps a twin.
import { moor } from "../devs/agent"
import { recallFromFlash, rememberInFlash } from "../devs/agent/flashmemory"
import { openedTwin, receivedTwin } from "../devs/agent/twin"

moor({
    name: "main",
    recall: recallFromFlash,
    remember: rememberInFlash,
    opened: openedTwin,
    received: receivedTwin,
})
