// The full image: caches its hub in flash.
import { moor } from "../devs/agent"
import { recallFromFlash, rememberInFlash } from "../devs/agent/flashmemory"

moor({ image: "main", recall: recallFromFlash, remember: rememberInFlash })
