import type { Component } from 'vue'

export interface Option<V extends string = string> {
  readonly value: V
  readonly label: string
  readonly icon?: Component
  readonly disabled?: boolean
}
