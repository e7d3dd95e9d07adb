// The window on a scripted bridge: `vite build --mode fake`, then serve dist/renderer-fake.
import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/prose.css';
import App from './App.svelte';
import { AppStore } from './app.svelte.js';
import { fakeBridge } from './bridge/fake.js';

const options = new URLSearchParams(window.location.search);

mount(App, {
  target: document.getElementById('app')!,
  props: { app: new AppStore(fakeBridge(options)) },
});
