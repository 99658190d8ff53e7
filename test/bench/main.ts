// `npm run bench [-- NAME...]`: measurements without assertions.
import { benchBoards } from "./boards/main.js"
import { benchEmulator } from "./emulator/main.js"
import { benchFeatures } from "./features.js"
import { benchFlash } from "./flash.js"
import { benchEndurance } from "./endurance.js"
import { benchHeap } from "./heap.js"
import { benchManufacture } from "./manufacture/main.js"
import { benchMonitor } from "./monitor/main.js"
import { benchMutations } from "./mutations/main.js"
import { benchRollout } from "./rollout.js"
import { benchRolloutCommand } from "./rollout-command.js"
import { benchSize } from "./size.js"

const BENCHES: Record<string, () => Promise<void>> = {
    size: benchSize,
    features: benchFeatures,
    heap: benchHeap,
    flash: benchFlash,
    emulator: benchEmulator,
    boards: benchBoards,
    mutations: benchMutations,
    endurance: benchEndurance,
    rollout: benchRollout,
    "rollout-command": benchRolloutCommand,
    manufacture: benchManufacture,
    monitor: benchMonitor,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in BENCHES))
if (unknown.length > 0) {
    console.error(`Unknown benchmark ${unknown.join(", ")}. Available: ${Object.keys(BENCHES).join(", ")}.`)
    process.exitCode = 2
} else {
    for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) await BENCHES[name]()
}
