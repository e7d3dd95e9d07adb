import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/prose.css';
import App from './App.svelte';
import { AppStore } from './app.svelte.js';
import { connect } from './bridge/connect.js';

mount(App, {
  target: document.getElementById('app')!,
  props: { app: new AppStore(connect()) },
});
