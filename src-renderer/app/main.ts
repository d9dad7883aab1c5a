import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './style.css'
import { connect } from '../rpc/index.ts'
import { createWindow } from './create-window.ts'
import { createRpc } from './rpc-provider.ts'

createWindow(createRpc(connect)).mount('#app')
