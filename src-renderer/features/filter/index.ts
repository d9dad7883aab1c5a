export {
  matchesFilter,
  parseFilter,
  type Filter,
  type FilterSubject,
  type FilterTerm,
  type FilterVocabulary
} from './filter.ts'
