import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/prose.css';
import Root from './Root.svelte';
import { AppStore } from './app.svelte.js';
import { connect } from './bridge/connect.js';

mount(Root, {
  target: document.getElementById('app')!,
  props: { app: new AppStore(connect()) },
});
