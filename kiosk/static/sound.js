// Short sounds that differ in rhythm as well as in pitch: one rising two-tone, one double mid tone, one low single.

const TONES = {
  granted: [{ at: 0, length: 0.11, pitch: 660 }, { at: 0.12, length: 0.2, pitch: 990 }],
  review: [{ at: 0, length: 0.13, pitch: 494 }, { at: 0.24, length: 0.13, pitch: 494 }],
  denied: [{ at: 0, length: 0.5, pitch: 196 }],
};
const FADE_S = 0.012;
const PATIENCE_MS = 150;

let context = null;

function ready() {
  context ??= new AudioContext({ latencyHint: "interactive" });
  if (context.state === "running") return Promise.resolve(true);
  // A browser that waits for a touch keeps the context suspended: a late sound would belong to nobody.
  const late = new Promise((resolve) => setTimeout(() => resolve(false), PATIENCE_MS));
  return Promise.race([context.resume().then(() => context.state === "running", () => false), late]);
}

function sing({ at, length, pitch }, volume) {
  const start = context.currentTime + 0.01 + at;
  const tone = new OscillatorNode(context, { type: "triangle", frequency: pitch });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(volume, start + FADE_S);
  gain.gain.setValueAtTime(volume, start + length - FADE_S);
  gain.gain.linearRampToValueAtTime(0, start + length);
  tone.connect(gain).connect(context.destination);
  tone.start(start);
  tone.stop(start + length + FADE_S);
}

/** Play the sound of an outcome; silence is never an error. `volume` is from 0 to 1. */
export async function play(kind, { is_enabled: isEnabled = true, volume = 0.6 } = {}) {
  const tones = TONES[kind];
  const loudness = Math.min(1, Math.max(0, Number(volume) || 0));
  if (!isEnabled || !tones || loudness === 0) return;
  try {
    if (await ready()) tones.forEach((tone) => sing(tone, loudness));
  } catch {
    context = null;
  }
}
