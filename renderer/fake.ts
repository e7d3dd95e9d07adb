// The window on a scripted bridge: `vite build --mode fake`, then serve dist/renderer-fake.
import type { Settings } from '../main/contract/index.js';
import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/prose.css';
import Root from './Root.svelte';
import { AppStore } from './app.svelte.js';
import { fakeBridge } from './bridge/fake.js';

const options = new URLSearchParams(window.location.search);

const bridge = fakeBridge(options);

/** Another window changes the settings: `dispatchEvent(new CustomEvent('fake-settings', { detail: patch }))`. */
window.addEventListener('fake-settings', (event) => {
  void bridge.call('settings.set', { patch: (event as CustomEvent<Partial<Settings>>).detail });
});

mount(Root, {
  target: document.getElementById('app')!,
  props: { app: new AppStore(bridge) },
});
